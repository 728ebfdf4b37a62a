//! Entering a record, changing it from a day on, correcting what was recorded wrongly: one form, drawn from the declaration.

use chrono::NaiveDate;
use kernel::{Fault, Result, local_date, parse_date};
use op::Op;
use registry::{Chapter, Command, Keep, LikelyTwin, Outcome, Record, Spot, Values, Written, story};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Upload, Visit, address};

use super::controls::Controls;
use super::faults::Said;
use super::given::{self, Given};
use super::history::History;
use super::lookups::{FilesOf, Lookups};
use super::record::Known;
use super::show::Show;
use super::{Shown, Side, day, days, files, proposals, quality};
use crate::House;
use crate::told::{is_told_in_place, status_of};

const ENTER: Door = Door::Right("registry.enter");
/// How many digits the code of a ward has.
const WARD_DIGITS: usize = 5;

pub(super) fn routes() -> Routes<House> {
    let most = files::MOST_BYTES;
    Routes::new()
        .get("/can-bo/co-so-du-lieu/{register}/moi", ENTER, |visit| {
            begin(visit, Act::Add)
        })
        .post("/can-bo/co-so-du-lieu/{register}/moi", ENTER, |visit, fields| {
            save(visit, Act::Add, fields)
        })
        .upload(
            "/can-bo/co-so-du-lieu/{register}/moi/tep",
            ENTER,
            most,
            |visit, upload| take(visit, Act::Add, upload),
        )
        .get("/can-bo/co-so-du-lieu/{register}/{record}/cap-nhat", ENTER, |visit| {
            begin(visit, Act::Change)
        })
        .post(
            "/can-bo/co-so-du-lieu/{register}/{record}/cap-nhat",
            ENTER,
            |visit, fields| save(visit, Act::Change, fields),
        )
        .upload(
            "/can-bo/co-so-du-lieu/{register}/{record}/cap-nhat/tep",
            ENTER,
            most,
            |visit, upload| take(visit, Act::Change, upload),
        )
        .get("/can-bo/co-so-du-lieu/{register}/{record}/dinh-chinh", ENTER, |visit| {
            begin(visit, Act::Correct)
        })
        .post(
            "/can-bo/co-so-du-lieu/{register}/{record}/dinh-chinh",
            ENTER,
            |visit, fields| save(visit, Act::Correct, fields),
        )
        .upload(
            "/can-bo/co-so-du-lieu/{register}/{record}/dinh-chinh/tep",
            ENTER,
            most,
            |visit, upload| take(visit, Act::Correct, upload),
        )
}

/// What the form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Add,
    Change,
    Correct,
}

impl Act {
    fn key(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Correct => "correct",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Add => "moi",
            Self::Change => "cap-nhat",
            Self::Correct => "dinh-chinh",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Add => "register_added",
            Self::Change => "register_changed",
            Self::Correct => "register_corrected",
        }
    }
}

/// The register, and the record where there is one.
struct Sheet {
    shown: Shown,
    act: Act,
    target: Option<(Uuid, Known)>,
    /// The first day of the period that is corrected.
    period: Option<NaiveDate>,
    today: NaiveDate,
}

impl Sheet {
    /// Only for those who may enter here: others are told before they type anything.
    async fn read(visit: &Visit<House>, op: &mut Op, act: Act, fields: &Fields) -> Result<Self> {
        let shown = Shown::read(visit, op).await?;
        let today = local_date(op.now());
        let target = match act {
            Act::Add => None,
            _ => {
                let id: Uuid = visit.parse_param("record")?;
                let known = Known::read(visit, op, shown.key(), id).await?;
                Some((known.id().unwrap_or(id), known))
            }
        };
        let last = target.as_ref().and_then(|(_, known)| known.periods.last());
        if !visit.state.registry.may(op, shown.key(), last).await?.enter {
            return Err(Fault::forbidden("registry.not_allowed"));
        }
        let asked = fields
            .filled("ky")
            .or(visit.query("ky"))
            .and_then(|day| parse_date(day).ok());
        let period = match &target {
            Some((_, known)) if act == Act::Correct => {
                let holds = |day: NaiveDate| {
                    known
                        .periods
                        .iter()
                        .find(|own| own.valid_from <= day && own.valid_to.is_none_or(|to| day <= to))
                };
                let period = holds(asked.unwrap_or(today)).or(known.periods.last());
                period.map(|period| period.valid_from)
            }
            _ => None,
        };
        Ok(Self {
            shown,
            act,
            target,
            period,
            today,
        })
    }

    /// What the record holds now, where the form begins from it.
    fn base(&self) -> Option<&Record> {
        let (_, known) = self.target.as_ref()?;
        match self.period {
            Some(period) => known.periods.iter().find(|own| own.valid_from == period),
            None => known.periods.last(),
        }
    }

    /// What the form began from when this version was the newest.
    fn then(&self, seen: i64) -> Option<&Record> {
        let (_, known) = self.target.as_ref()?;
        let all = known.periods.iter().chain(known.past.iter().map(|past| &past.record));
        all.filter(|own| own.version <= seen && self.period.is_none_or(|period| own.valid_from == period))
            .max_by_key(|own| (own.version, own.valid_from))
    }

    fn before(&self) -> Option<&Values> {
        self.base().map(|record| &record.values)
    }

    /// The last day of a record that has ended: a change lets it begin again.
    fn revives(&self) -> Option<NaiveDate> {
        let (_, known) = self.target.as_ref().filter(|_| self.act == Act::Change)?;
        let last = known.periods.last().and_then(|last| last.valid_to);
        last.filter(|_| known.has_ended(self.today))
    }

    /// What is said when it is done. A change from the first day of a period takes the place of what was recorded for it.
    fn done(&self, command: &Command) -> &'static str {
        let first = self.base().map(|record| record.valid_from);
        match command {
            Command::Change { .. } if self.revives().is_some() => "register_revived",
            Command::Change { from, .. } if first == Some(from.unwrap_or(self.today)) => "register_replaced",
            _ => self.act.done(),
        }
    }

    fn version(&self) -> i64 {
        self.target.as_ref().map_or(0, |(_, known)| known.version())
    }

    /// The page of the record, or of the register.
    fn back(&self) -> String {
        match &self.target {
            Some((id, _)) => self.shown.side.record(self.shown.key(), *id),
            None => self.shown.href(),
        }
    }

    fn has_files(&self) -> bool {
        let fields = &self.shown.published.definition.fields;
        fields
            .iter()
            .any(|field| matches!(field.kind, registry::definition::Kind::File { .. }))
    }
}

async fn begin(visit: Visit<House>, act: Act) -> Answer {
    let mut op = visit.look().await?;
    let sheet = Sheet::read(&visit, &mut op, act, &Fields::default()).await?;
    let definition = &sheet.shown.published.definition;
    let mut pairs = Vec::new();
    if let Some(values) = sheet.before() {
        let lookups = Lookups::of(&visit, &mut op, definition, &[values], FilesOf::Nothing).await?;
        let show = Show {
            words: &sheet.shown.words,
            lookups: &lookups,
            side: sheet.shown.side,
        };
        pairs = given::pairs(definition, values, &show);
    }
    let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
    match (act, sheet.base()) {
        (Act::Correct, Some(period)) => {
            put("valid_from", day(period.valid_from));
            put("valid_to", period.valid_to.map(day).unwrap_or_default());
            put("ky", period.valid_from.to_string());
        }
        _ => put("valid_from", day(sheet.today)),
    }
    if let Some((place, ward)) = own_ward(&visit, &mut op, &sheet).await? {
        put(&format!("{place}.ward"), ward);
    }
    put("version", sheet.version().to_string());
    put("once", Uuid::now_v7().to_string());
    let page = Page {
        fields: Fields::new(pairs),
        ..Page::default()
    };
    page.draw(&visit, &mut op, &sheet).await
}

/// Whoever works for a ward enters what lies there: the control, and the ward.
async fn own_ward(visit: &Visit<House>, op: &mut Op, sheet: &Sheet) -> Result<Option<(String, String)>> {
    let place = sheet.shown.published.definition.place.as_deref();
    let (Act::Add, Some(place), Some(agency)) = (sheet.act, place, visit.actor.agency()) else {
        return Ok(None);
    };
    let area = visit.state.identity.agency(op, agency).await?.area_code;
    let ward = area.filter(|code| code.len() == WARD_DIGITS);
    Ok(ward.map(|ward| (given::control(place), ward)))
}

/// What the page is drawn with.
#[derive(Default)]
struct Page {
    fields: Fields,
    said: Said,
    given: Given,
    /// What others have done meanwhile.
    meanwhile: Vec<Chapter>,
    /// Records that are likely the same thing, and that nobody has called another one yet.
    twins: Vec<LikelyTwin>,
    /// It was looked through, and nothing is wrong.
    checked: bool,
    status: Option<StatusCode>,
}

impl Page {
    async fn draw(&self, visit: &Visit<House>, op: &mut Op, sheet: &Sheet) -> Answer {
        let shown = &sheet.shown;
        let definition = shown.published.definition.clone();
        let meanwhile = self.meanwhile.iter().flat_map(|chapter| &chapter.passages);
        let sides = meanwhile.flat_map(|passage| passage.before.iter().chain([&passage.after]));
        let values: Vec<&Values> = sides.map(|record| &record.values).chain(sheet.before()).collect();
        let mut lookups = Lookups::of(visit, op, &definition, &values, FilesOf::Nothing).await?;
        for catalogue in definition.fields.iter().filter_map(|field| field.catalogue()) {
            lookups.add_catalogue(visit, op, catalogue).await?;
        }
        let show = Show {
            words: &shown.words,
            lookups: &lookups,
            side: shown.side,
        };
        let back = sheet.back();
        let controls = Controls {
            visit,
            shown,
            fields: &self.fields,
            said: &self.said,
            given: &self.given,
            before: sheet.before(),
            lookups: &lookups,
        };
        let controls = controls.all(op).await?;
        let history = History {
            visit,
            shown,
            show: &show,
            href: &back,
        };
        let meanwhile = history.chapters(op, &self.meanwhile).await?;
        let title = sheet
            .before()
            .and_then(|values| values.get(&definition.title))
            .map(super::show::text);
        let mut action = address(&format!("{}/{}", back, sheet.act.path()), []);
        if sheet.has_files() {
            action.push_str("/tep");
        }
        let typed = |name: &str| self.fields.get(name).unwrap_or_default();
        let mut content = shown.head();
        content["act"] = json!(sheet.act.key());
        content["action"] = json!(action);
        content["back"] = json!(back);
        content["with_files"] = json!(sheet.has_files());
        content["title"] = json!(title.unwrap_or_default());
        content["controls"] = json!(controls);
        content["errors"] = json!(self.said.errors);
        content["faults"] = json!(self.said.by_control);
        content["checked"] = json!(self.checked);
        content["revives"] = json!(sheet.revives());
        content["waits"] = json!(definition.approval);
        content["meanwhile"] = json!(meanwhile);
        content["twins"] = json!(self.twins.iter().map(|twin| twin_line(shown, twin)).collect::<Vec<_>>());
        content["apart"] = json!(self.apart());
        content["typed"] = json!({
            "valid_from": typed("valid_from"), "valid_to": typed("valid_to"), "reason": typed("reason"),
            "version": typed("version"), "once": typed("once"), "ky": typed("ky"),
        });
        content["periods"] = json!(periods(sheet, &back));
        let status = self.status.unwrap_or(StatusCode::OK);
        visit.page_status(status, "portal/registers/form.html", content).await
    }

    /// What the button "it is another one" says: which records were shown. One that comes up later is asked about by itself.
    fn apart(&self) -> String {
        let said = self.fields.filled("khac").into_iter().map(str::to_owned);
        let shown = self.twins.iter().map(|twin| twin.id.to_string());
        said.chain(shown).collect::<Vec<_>>().join(",")
    }

    /// What nobody has touched in this form becomes what others have made of it: pressing once more takes nothing of theirs back.
    async fn take_on(&mut self, visit: &Visit<House>, op: &mut Op, sheet: &Sheet, seen: i64) -> Result<()> {
        let definition = sheet.shown.published.definition.clone();
        let (Some(then), Some(now)) = (sheet.then(seen), sheet.before()) else {
            return Ok(());
        };
        let lookups = Lookups::of(visit, op, &definition, &[&then.values, now], FilesOf::Nothing).await?;
        let show = Show {
            words: &sheet.shown.words,
            lookups: &lookups,
            side: sheet.shown.side,
        };
        let (old, new) = (
            given::pairs(&definition, &then.values, &show),
            given::pairs(&definition, now, &show),
        );
        self.fields = Fields::new(given::take_on(&definition, &self.fields, &old, &new));
        self.given = given::read(visit, op, &definition, &self.fields, sheet.before()).await?;
        Ok(())
    }

    /// The same form, to be pressed anew: with the newest version, and another mark of the press.
    fn renew(&mut self, version: Option<i64>) {
        let old = std::mem::take(&mut self.fields);
        let renewed = old.iter().map(|(name, value)| {
            let value = match (name, version) {
                ("version", Some(version)) => version.to_string(),
                ("once", None) => Uuid::now_v7().to_string(),
                _ => value.to_owned(),
            };
            (name.to_owned(), value)
        });
        self.fields = Fields::new(renewed.collect::<Vec<_>>());
    }
}

/// A record that is likely the same thing: what it is called, where it stands, why.
fn twin_line(shown: &Shown, twin: &LikelyTwin) -> Value {
    let words = &shown.words;
    let title = match twin.title.is_empty() {
        true => words.say("registers.show.untitled", []),
        false => twin.title.clone(),
    };
    json!({
        "title": title, "href": shown.side.record(shown.key(), twin.id), "score": twin.score,
        "why": quality::why(words, &shown.published.definition, &twin.why),
    })
}

/// Likely twins of what is entered, but for those that were called another thing with this press.
async fn twins_of(visit: &Visit<House>, op: &mut Op, sheet: &Sheet, page: &Page) -> Result<Vec<LikelyTwin>> {
    if sheet.act != Act::Add {
        return Ok(Vec::new());
    }
    let registry = &visit.state.registry;
    let mut twins = registry.likely_twins(op, sheet.shown.key(), &page.given.values).await?;
    let said = page.fields.get("khac").unwrap_or_default();
    let apart: Vec<Uuid> = said.split(',').filter_map(|id| id.parse().ok()).collect();
    twins.retain(|twin| !apart.contains(&twin.id));
    Ok(twins)
}

/// The periods of which one may be corrected.
fn periods(sheet: &Sheet, back: &str) -> Vec<Value> {
    let Some((_, known)) = sheet.target.as_ref().filter(|_| sheet.act == Act::Correct) else {
        return Vec::new();
    };
    let one = |period: &Record| {
        let from = period.valid_from.to_string();
        json!({
            "text": days(&sheet.shown.words, period.valid_from, period.valid_to), "current": Some(period.valid_from) == sheet.period,
            "href": address(&format!("{back}/dinh-chinh"), [("ky", from.as_str())]),
        })
    };
    known.periods.iter().map(one).collect()
}

/// Files come first; what was typed beside them is read as from any other form.
async fn take(visit: Visit<House>, act: Act, upload: Upload) -> Answer {
    let mut op = visit.look().await?;
    let sheet = Sheet::read(&visit, &mut op, act, &Fields::default()).await?;
    // No connection is held while bytes come in over a slow line.
    drop(op);
    let came = files::take(&visit, &sheet.shown.published.definition, upload).await?;
    saved(&visit, act, Fields::new(came.pairs), came.told).await
}

async fn save(visit: Visit<House>, act: Act, fields: Fields) -> Answer {
    saved(&visit, act, fields, Vec::new()).await
}

/// What is kept under the mark of a press.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The record, or the proposal.
    pub id: Uuid,
    pub digest: String,
    /// It waits for the owner.
    #[serde(default)]
    pub proposed: bool,
}

impl Kept {
    pub fn new(outcome: Outcome, fields: &Fields) -> Self {
        let digest = Sha256::digest(serde_json::to_vec(&fields.carried()).unwrap_or_default());
        let (id, proposed) = match outcome {
            Outcome::Written(written) => (written.id, false),
            Outcome::Proposed(proposal) => (proposal, true),
        };
        Self {
            id,
            digest: hex::encode(digest),
            proposed,
        }
    }

    /// The page of what was made, with a word about it.
    pub fn page(&self, register: &str, done: &str) -> String {
        match self.proposed {
            true => proposals::page_of(self.id, "proposal_sent"),
            false => address(&Side::Desk.record(register, self.id), [("da", done)]),
        }
    }
}

/// The mark of a press: the same form sent twice is one.
pub(super) fn mark(visit: &Visit<House>, fields: &Fields) -> Option<String> {
    let once = Uuid::parse_str(fields.get("once")?).ok()?;
    Some(format!("portal.registers:{}:{once}", visit.actor.key()))
}

/// What an earlier press of this form has done.
pub(super) async fn before(visit: &Visit<House>, mark: Option<&String>) -> Result<Option<Kept>> {
    let Some(mark) = mark else { return Ok(None) };
    let mut op = visit.look().await?;
    op.replay(mark).await
}

async fn saved(visit: &Visit<House>, act: Act, fields: Fields, told: Vec<(String, String)>) -> Answer {
    let mark = mark(visit, &fields);
    let mut page = Page {
        fields,
        ..Page::default()
    };
    if let Some(kept) = before(visit, mark.as_ref()).await? {
        return pressed_twice(visit, act, page, &kept).await;
    }
    let mut op = visit.op().await?;
    let sheet = Sheet::read(visit, &mut op, act, &page.fields).await?;
    let definition = sheet.shown.published.definition.clone();
    let words = &sheet.shown.words;
    page.given = given::read(visit, &mut op, &definition, &page.fields, sheet.before()).await?;
    for (field, text) in told.iter().chain(&page.given.told) {
        page.said.add(words, &definition, field, text.clone());
    }
    let command = command(&sheet, &mut page);
    let more_lines = page.fields.filled("them").is_some();
    if more_lines {
        page.said = Said::default();
        for (field, text) in &told {
            page.said.add(words, &definition, field, text.clone());
        }
        return page.draw(visit, &mut op, &sheet).await;
    }
    let only_check = page.fields.filled("kiem_tra").is_some();
    let done = sheet.done(&command);
    // Before it is written: afterwards it would be its own twin.
    page.twins = twins_of(visit, &mut op, &sheet, &page).await?;
    match write(visit, &mut op, &sheet, command, &page.fields).await {
        Ok(outcome) if page.said.is_empty() && !only_check && page.twins.is_empty() => {
            let kept = Kept::new(outcome, &page.fields);
            let to = kept.page(sheet.shown.key(), done);
            if let Some(mark) = &mark
                && let Some(kept) = op.claim(mark, &kept).await?
            {
                // Two presses at the same time: the other one was first.
                drop(op);
                return pressed_twice(visit, act, page, &kept).await;
            }
            op.commit().await?;
            visit.redirect(to)
        }
        Ok(_) => {
            drop(op);
            page.status = match (page.said.is_empty(), only_check) {
                (false, _) => Some(StatusCode::UNPROCESSABLE_ENTITY),
                (true, true) => None,
                // Nothing is wrong with it, but whether it is another one is asked first.
                (true, false) => Some(StatusCode::CONFLICT),
            };
            page.checked = page.said.is_empty() && page.twins.is_empty();
            let mut op = visit.look().await?;
            page.draw(visit, &mut op, &sheet).await
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            if let Some(kept) = before(visit, mark.as_ref()).await? {
                return pressed_twice(visit, act, page, &kept).await;
            }
            refused(visit, sheet, page, fault).await
        }
        Err(fault) => Err(fault),
    }
}

/// What is to be done; days that cannot be read are told at their controls.
fn command(sheet: &Sheet, page: &mut Page) -> Command {
    let definition = sheet.shown.published.definition.clone();
    let words = &sheet.shown.words;
    let mut typed_day = |name: &str| {
        let typed = page.fields.filled(name)?;
        let parsed = parse_date(typed).ok();
        if parsed.is_none() {
            let text = words.code("registry.field.date", &render::Params::new());
            page.said.add(words, &definition, name, text);
        }
        parsed
    };
    let from = typed_day("valid_from");
    let to = match sheet.act {
        Act::Correct => Some(typed_day("valid_to")),
        _ => None,
    };
    let given = page.given.values.clone();
    match (sheet.act, sheet.period) {
        (Act::Add, _) => Command::Add { from, given },
        (Act::Correct, Some(period)) => Command::Correct {
            period,
            from,
            to,
            given,
        },
        _ => Command::Change { from, given },
    }
}

async fn write(visit: &Visit<House>, op: &mut Op, sheet: &Sheet, command: Command, fields: &Fields) -> Result<Outcome> {
    let registry = &visit.state.registry;
    let register = sheet.shown.key();
    match (&sheet.target, command) {
        (None, command @ Command::Add { .. }) => {
            let reason = fields.get("reason").unwrap_or_default();
            registry.enter(op, register, None, command, reason).await
        }
        (Some((id, _)), command) => {
            let command = kept(visit, op, register, *id, command).await?;
            let seen = fields
                .get("version")
                .and_then(|version| version.parse().ok())
                .unwrap_or(-1);
            let reason = fields.get("reason").unwrap_or_default();
            registry.enter(op, register, Some((*id, seen)), command, reason).await
        }
        (None, _) => Err(Fault::not_found("registry.record_not_found")),
    }
}

/// What is sealed and was not typed stays as it is.
async fn kept(visit: &Visit<House>, op: &mut Op, register: &str, record: Uuid, command: Command) -> Result<Command> {
    let registry = &visit.state.registry;
    Ok(match command {
        Command::Change { from, given } => {
            let at = (record, Spot::Day(from));
            let given = registry.amended(op, register, at, given, Keep::Sealed).await?;
            Command::Change { from, given }
        }
        Command::Correct {
            period,
            from,
            to,
            given,
        } => {
            let at = (record, Spot::Period(period));
            let given = registry.amended(op, register, at, given, Keep::Sealed).await?;
            Command::Correct {
                period,
                from,
                to,
                given,
            }
        }
        other => other,
    })
}

/// The form once more, with what is wrong at each control. Where somebody was faster, what they did stands above what was typed.
async fn refused(visit: &Visit<House>, sheet: Sheet, mut page: Page, fault: Fault) -> Answer {
    let mut op = visit.look().await?;
    let sheet = Sheet::read(visit, &mut op, sheet.act, &page.fields)
        .await
        .unwrap_or(sheet);
    let definition = sheet.shown.published.definition.clone();
    let words = &sheet.shown.words;
    page.status = Some(status_of(&fault));
    match (fault.code, &sheet.target) {
        ("registry.changed_meanwhile", Some((_, known))) => {
            let seen: i64 = page
                .fields
                .get("version")
                .and_then(|version| version.parse().ok())
                .unwrap_or_default();
            let chapters = story(&known.periods, &known.past);
            page.meanwhile = chapters.into_iter().filter(|chapter| chapter.version > seen).collect();
            page.said
                .errors
                .push(json!({ "field": "", "text": words.say("registers.form.meanwhile", []) }));
            page.take_on(visit, &mut op, &sheet, seen).await?;
            page.renew(Some(sheet.version()));
        }
        ("registry.later_period" | "registry.begins_later" | "registry.overlap", _) => {
            page.said.add(words, &definition, "valid_from", words.fault(&fault));
        }
        // Whoever enters in their own area only has named a place outside of it.
        ("registry.not_allowed", _) if definition.place.is_some() && !sheet.shown.may.own => {
            let place = definition.place.clone().unwrap_or_default();
            let text = words.code("registry.field.place", &render::Params::new());
            page.said.add(words, &definition, &place, text);
        }
        _ => {
            let mut fault = fault;
            // What the page has told of a field already is not told twice.
            let told: Vec<String> = page.given.told.iter().map(|(field, _)| field.clone()).collect();
            let some = !fault.fields.is_empty();
            fault.fields.retain(|own| !told.contains(&own.field));
            if !some || !fault.fields.is_empty() {
                let own = Said::of(words, &definition, &fault);
                page.said.join(own);
            }
        }
    }
    page.draw(visit, &mut op, &sheet).await
}

/// The form was sent before. The same once more leads to what it made; something else is told, and may be sent as one of its own.
async fn pressed_twice(visit: &Visit<House>, act: Act, mut page: Page, kept: &Kept) -> Answer {
    let mut op = visit.look().await?;
    let sheet = Sheet::read(visit, &mut op, act, &page.fields).await?;
    let same = Written {
        id: kept.id,
        version: 0,
    };
    if Kept::new(Outcome::Written(same), &page.fields).digest == kept.digest {
        return visit.redirect(kept.page(sheet.shown.key(), act.done()));
    }
    let definition = sheet.shown.published.definition.clone();
    page.given = given::read(visit, &mut op, &definition, &page.fields, sheet.before()).await?;
    let text = sheet.shown.words.say("registers.form.sent_before", []);
    page.said.errors.push(json!({ "field": "", "text": text }));
    page.status = Some(StatusCode::CONFLICT);
    page.renew(None);
    page.draw(visit, &mut op, &sheet).await
}
