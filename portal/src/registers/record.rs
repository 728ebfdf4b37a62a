//! One record on a day, as it is known now or was known then: its values, who answers for it, its past; and what is sealed of it, for a purpose.

use ::files::FileView;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Fault, Result, local_date};
use op::Op;
use registry::{AsOf, Past, Record, Values, story};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::history::History;
use super::lookups::{FilesOf, Lookups};
use super::show::{self, Show};
use super::{Shown, Side, agency_name, at, day_of, days, list};
use crate::House;
use crate::account::again;
use crate::told::{is_told_in_place, status_of};

/// Chapters of the past that are shown at once; the others are folded away.
const SHOWN_AT_ONCE: usize = 10;

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/co-so-du-lieu/{register}/{record}", Door::Public, show)
        .get("/can-bo/co-so-du-lieu/{register}/{record}", Door::Official, show)
        .post(
            "/can-bo/co-so-du-lieu/{register}/{record}/mo",
            Door::Right("registry.open"),
            open,
        )
}

/// Everything that is and was known of a record.
pub(super) struct Known {
    pub periods: Vec<Record>,
    pub past: Vec<Past>,
}

impl Known {
    pub async fn read(visit: &Visit<House>, op: &mut Op, register: &str, record: Uuid) -> Result<Self> {
        let (periods, past) = visit.state.registry.history(op, register, record, None).await?;
        Ok(Self { periods, past })
    }

    /// The record that remains: another one where it was merged.
    pub fn id(&self) -> Option<Uuid> {
        self.periods.first().map(|record| record.id)
    }

    /// The newest version.
    pub fn version(&self) -> i64 {
        self.periods
            .iter()
            .map(|record| record.version)
            .max()
            .unwrap_or_default()
    }

    /// Whether it has ended before a day.
    pub fn has_ended(&self, today: NaiveDate) -> bool {
        let last = self.periods.last().and_then(|last| last.valid_to);
        last.is_some_and(|to| to < today)
    }

    /// What was held true at a moment.
    fn held(&self, known: Option<DateTime<Utc>>) -> Vec<&Record> {
        let Some(known) = known else {
            return self.periods.iter().collect();
        };
        let past = self
            .past
            .iter()
            .filter(|past| past.replaced_at.is_none_or(|at| at > known));
        let all = self.periods.iter().chain(past.map(|past| &past.record));
        let mut held: Vec<&Record> = all.filter(|record| record.recorded_at <= known).collect();
        held.sort_by_key(|record| (record.valid_from, record.version));
        // Two writings at one moment: the later counts.
        held.dedup_by(|later, earlier| {
            let same = later.valid_from == earlier.valid_from;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        held
    }
}

/// On which day the page looks, as it was known when.
struct Look {
    day: Option<NaiveDate>,
    known: Option<DateTime<Utc>>,
}

impl Look {
    /// A day of knowledge means its end; a moment means itself.
    fn of(visit: &Visit<House>) -> Self {
        let moment = |typed: &str| DateTime::parse_from_rfc3339(typed).ok().map(|moment| moment.to_utc());
        let end_of = |typed: &str| {
            let next = kernel::parse_date(typed).ok()?.succ_opt()?;
            Some(kernel::from_local(next.and_hms_opt(0, 0, 0)?) - chrono::TimeDelta::microseconds(1))
        };
        Self {
            day: day_of(visit, "as_of"),
            known: visit
                .query("known_at")
                .and_then(|typed| moment(typed).or_else(|| end_of(typed))),
        }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let day = self.day.map(|day| ("as_of".to_owned(), day.to_string()));
        let known = self.known.map(|known| ("known_at".to_owned(), known.to_rfc3339()));
        day.into_iter().chain(known).collect()
    }

    /// The period that the page shows, and whether it holds on the day: the nearest one before, else the first.
    fn period<'r>(&self, held: &[&'r Record], today: NaiveDate) -> Option<(&'r Record, bool)> {
        let day = self.day.unwrap_or(today);
        let holds = |record: &&&Record| record.valid_from <= day && record.valid_to.is_none_or(|to| day <= to);
        if let Some(record) = held.iter().find(holds) {
            return Some((record, true));
        }
        let before = held.iter().rev().find(|record| record.valid_from <= day);
        before.or(held.first()).map(|record| (*record, false))
    }
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, None).await
}

/// What was opened of a record, or why it was not.
enum Opened {
    Values(Values, String),
    Refused(Fault, String),
}

async fn draw(visit: &Visit<House>, opened: Option<Opened>) -> Answer {
    let id: Uuid = visit.parse_param("record")?;
    let mut op = visit.look().await?;
    let shown = Shown::read(visit, &mut op).await?;
    let known = Known::read(visit, &mut op, shown.key(), id).await?;
    if let Some(remaining) = known.id().filter(|remaining| *remaining != id) {
        return visit.redirect(shown.side.record(shown.key(), remaining));
    }
    let look = Look::of(visit);
    let held = look_at(&look, &known);
    let Some((period, holds)) = look.period(&held, local_date(op.now())) else {
        return Err(Fault::not_found("registry.record_not_found"));
    };
    let may = visit
        .state
        .registry
        .may(&mut op, shown.key(), known.periods.last())
        .await?;
    let (plain, sealed) = visit.state.registry.fields_seen(&mut op, shown.key()).await?;
    let secret = match &opened {
        Some(Opened::Values(values, _)) => values.clone(),
        _ => Values::new(),
    };
    let past_values = known.past.iter().map(|past| &past.record.values);
    let all: Vec<&Values> = known
        .periods
        .iter()
        .map(|record| &record.values)
        .chain(past_values)
        .chain([&secret])
        .collect();
    let definition = shown.published.definition.clone();
    let lookups = Lookups::of(visit, &mut op, &definition, &all, FilesOf::Records).await?;
    let show = Show {
        words: &shown.words,
        lookups: &lookups,
        side: shown.side,
    };
    let href = shown.side.record(shown.key(), id);
    let purpose = match &opened {
        Some(Opened::Values(_, purpose)) => purpose.as_str(),
        _ => "",
    };
    let mut rows = Vec::new();
    for field in &definition.fields {
        let name = &field.field;
        let language = shown.words.language();
        let mut row = json!({ "label": field.words.in_language(language), "name": name, "sealed": field.is_sealed() });
        let file = |view: &FileView| super::files::shown(view, &href, &look.pairs(), shown.side, field.is_sealed());
        if plain.contains(name) {
            row["value"] = match period.values.get(name) {
                Some(value) => show.whole(field, value, &file),
                None => Value::Null,
            };
        } else if sealed.contains(name) {
            row["value"] = match (&opened, secret.get(name)) {
                (Some(Opened::Values(..)), Some(value)) => show.whole(field, value, &file),
                (Some(Opened::Values(..)), None) => Value::Null,
                _ => json!({ "kind": "sealed" }),
            };
        } else {
            continue;
        }
        rows.push(row);
    }
    let title = period.values.get(&definition.title).map(show::text).unwrap_or_default();
    let title = match title {
        "" => shown.words.say("registers.show.untitled", []),
        title => title.to_owned(),
    };
    let mut content = shown.head();
    content["may"] = json!(may);
    content["title"] = json!(title);
    content["record"] = json!(href);
    content["rows"] = json!(rows);
    content["unseen"] = json!(definition.fields.len() - plain.len() - sealed.len());
    content["has_sealed"] = json!(!sealed.is_empty());
    content["opened"] = json!(matches!(opened, Some(Opened::Values(..))));
    content["purpose"] = json!(purpose);
    content["days"] = json!(days(&shown.words, period.valid_from, period.valid_to));
    content["holds"] = json!(holds);
    content["ended"] = json!(known.periods.last().and_then(|last| last.valid_to));
    content["gone"] = json!(known.has_ended(local_date(op.now())));
    content["look"] = json!({
        "day": look.day, "known": look.known, "today": local_date(op.now()), "plain": href,
        "asked_day": look.day.unwrap_or_else(|| local_date(op.now())), "known_day": look.known.map(local_date),
    });
    content["open_action"] = json!(at(&format!("{href}/mo"), &look.pairs()));
    let history = History {
        visit,
        shown: &shown,
        show: &show,
        href: &href,
    };
    let chapters = history.chapters(&mut op, &story(&known.periods, &known.past)).await?;
    content["folded"] = json!(chapters.len().saturating_sub(SHOWN_AT_ONCE));
    content["chapters"] = json!(chapters);
    content["at_once"] = json!(SHOWN_AT_ONCE);
    content["periods"] = json!(periods(&shown, &known, period, &href));
    let owner = agency_name(visit, &mut op, shown.published.owner).await?;
    content["facts"] = json!(list::facts(&shown, &owner));
    content["recorded"] = json!({ "at": period.recorded_at, "version": period.version, "by": history.name(&mut op, period.recorded_by).await? });
    let fault = match &opened {
        Some(Opened::Refused(fault, _)) => Some(fault),
        _ => None,
    };
    let said = fault.map(|fault| shown.words.fault(fault));
    content["errors"] = json!(
        said.iter()
            .map(|text| json!({ "field": "muc_dich", "text": text }))
            .collect::<Vec<_>>()
    );
    content["faults"] = json!({ "muc_dich": said });
    content["typed_purpose"] = json!(match &opened {
        Some(Opened::Refused(_, typed)) => typed.as_str(),
        _ => "",
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/registers/record.html", content).await
}

fn look_at<'k>(look: &Look, known: &'k Known) -> Vec<&'k Record> {
    known.held(look.known)
}

/// The periods that are known now, as links.
fn periods(shown: &Shown, known: &Known, current: &Record, href: &str) -> Vec<Value> {
    let one = |record: &Record| {
        let day = record.valid_from.to_string();
        json!({
            "text": days(&shown.words, record.valid_from, record.valid_to), "href": address(href, [("as_of", day.as_str())]),
            "current": record.valid_from == current.valid_from && record.version == current.version,
        })
    };
    known.periods.iter().map(one).collect()
}

/// Opens what is sealed and shows it in the answer itself: it stands in no address, and a second look is a second entry in the trail.
async fn open(mut visit: Visit<House>, fields: Fields) -> Answer {
    let here = address(visit.path(), visit.queries());
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &here, &fields, Some(fault)).await;
    }
    let purpose = fields.get("muc_dich").unwrap_or_default().trim().to_owned();
    match values(&visit, &purpose).await {
        Ok(values) => draw(&visit, Some(Opened::Values(values, purpose))).await,
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, &here, &fields, None).await,
        Err(fault) if is_told_in_place(&fault) => draw(&visit, Some(Opened::Refused(fault, purpose))).await,
        Err(fault) => Err(fault),
    }
}

/// The values of the period that the page shows, with what is sealed.
pub(super) async fn values(visit: &Visit<House>, purpose: &str) -> Result<Values> {
    let id: Uuid = visit.parse_param("record")?;
    let register = visit.param("register");
    let look = Look::of(visit);
    let mut op = visit.op().await?;
    let known = Known::read(visit, &mut op, register, id).await?;
    let held = look_at(&look, &known);
    let period = look.period(&held, local_date(op.now()));
    let (period, _) = period.ok_or_else(|| Fault::not_found("registry.record_not_found"))?;
    let as_of = AsOf {
        day: Some(period.valid_from),
        known: look.known,
    };
    let record = visit
        .state
        .registry
        .record(&mut op, register, id, as_of, Some(purpose))
        .await?;
    op.commit().await?;
    Ok(record.values)
}

/// The plain values of the period that the page shows.
pub(super) async fn plain_values(visit: &Visit<House>, op: &mut Op) -> Result<Values> {
    let id: Uuid = visit.parse_param("record")?;
    let look = Look::of(visit);
    let known = Known::read(visit, op, visit.param("register"), id).await?;
    let held = look_at(&look, &known);
    let period = look.period(&held, local_date(op.now()));
    let (period, _) = period.ok_or_else(|| Fault::not_found("registry.record_not_found"))?;
    Ok(period.values.clone())
}

/// Whether a page stands in the frame of officials.
pub(super) fn is_desk(visit: &Visit<House>) -> bool {
    Side::of(visit) == Side::Desk
}
