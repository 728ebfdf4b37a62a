//! The agencies of the province and its administrative areas on any day: what stood where, what came of it (R048).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use identity::{Agency, AgencyFilter, AgencyLevel, AgencyShare, Area, AreaShare, Validity};
use kernel::{AgencyId, Fault, FaultKind, Result, local_date, parse_date};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Routes, StatusCode, Visit, address};

use crate::{House, place_names, words::Words};

const AGENCIES: &str = "/co-quan";
const AREAS: &str = "/dia-gioi";
/// What somebody typed is shown again to be corrected, so far.
pub(crate) const LONGEST_SHOWN: usize = 60;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get(AGENCIES, Door::Public, agencies)
        .get("/co-quan/{code}", Door::Public, agency)
        .get(AREAS, Door::Public, areas)
        .get("/dia-gioi/{code}", Door::Public, area)
}

/// The day that is asked for.
pub(crate) struct Asked {
    pub(crate) day: NaiveDate,
    pub(crate) today: NaiveDate,
    /// As it was typed, where no day can be read from it.
    pub(crate) unreadable: Option<String>,
}

impl Asked {
    /// Today where nothing is said, or nothing that is a day.
    pub(crate) fn of(visit: &Visit<House>, op: &Op) -> Self {
        let today = local_date(op.now());
        let typed = visit.query("ngay").filter(|typed| !typed.trim().is_empty());
        match typed.map(|typed| (typed, parse_date(typed))) {
            None => Self {
                day: today,
                today,
                unreadable: None,
            },
            Some((_, Ok(day))) => Self {
                day,
                today,
                unreadable: None,
            },
            Some((typed, Err(_))) => Self {
                day: today,
                today,
                unreadable: Some(typed.chars().take(LONGEST_SHOWN).collect()),
            },
        }
    }

    /// The address of a page about this day; today needs no saying.
    pub(crate) fn to(&self, path: &str) -> String {
        self.on(path, self.day)
    }

    pub(crate) fn on(&self, path: &str, day: NaiveDate) -> String {
        let said = day.to_string();
        address(path, (day != self.today).then_some(("ngay", said.as_str())))
    }

    pub(crate) fn content(&self, words: &Words) -> Value {
        let wrong = self
            .unreadable
            .as_ref()
            .map(|_| words.say("organisation.day_unreadable", []));
        json!({
            "day": self.day, "is_today": self.day == self.today, "typed": self.unreadable.clone().unwrap_or_else(|| self.day.to_string()),
            "wrong": wrong,
        })
    }

    pub(crate) fn status(&self) -> StatusCode {
        if self.unreadable.is_some() {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        }
    }
}

/// A code that somebody has typed: one that is known leads to its page.
fn typed_code(visit: &Visit<House>) -> Option<&str> {
    visit.query("ma").map(str::trim).filter(|typed| !typed.is_empty())
}

/// Nothing where there is no such code.
fn if_known<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Fault {
            kind: FaultKind::NotFound | FaultKind::Invalid,
            ..
        }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn agencies(visit: Visit<House>) -> Answer {
    let identity = &visit.state.identity;
    let words = Words::new(&visit, "");
    let mut op = visit.look().await?;
    let asked = Asked::of(&visit, &op);
    let typed = typed_code(&visit);
    if let Some(typed) = typed
        && let Some(found) = if_known(identity.agency_lineage(&mut op, typed, asked.day).await)?
    {
        return visit.redirect(asked.to(&format!("{AGENCIES}/{}", found.agency.code)));
    }
    let all = identity
        .agencies_on(&mut op, &AgencyFilter::default(), asked.day)
        .await?;
    let changes = identity.reorganisations(&mut op).await?;
    drop(op);
    let count = all.len();
    let tree = Tree::of(&all).whole(&asked);
    let changes: Vec<Value> = changes
        .iter()
        .map(|change| {
            let before = change.on.pred_opt().unwrap_or(change.on);
            json!({
                "title": change.title, "basis": change.basis, "on": change.on,
                "before": asked.on(AGENCIES, before), "after": asked.on(AGENCIES, change.on),
            })
        })
        .collect();
    let unknown = typed.map(|typed| typed.chars().take(LONGEST_SHOWN).collect::<String>());
    let status = if unknown.is_some() {
        StatusCode::NOT_FOUND
    } else {
        asked.status()
    };
    let content = json!({
        "asked": asked.content(&words), "count": count, "tree": tree, "changes": changes, "unknown": unknown,
        "areas": asked.to(AREAS),
    });
    visit
        .page_status(status, "portal/organisation/agencies.html", content)
        .await
}

/// Agencies below agencies.
struct Tree<'a> {
    below: BTreeMap<Option<AgencyId>, Vec<&'a Agency>>,
}

impl<'a> Tree<'a> {
    /// In the order of the list, which is that of names. One whose agency above is not there on the day stands at the top.
    fn of(all: &'a [Agency]) -> Self {
        let mut below: BTreeMap<Option<AgencyId>, Vec<&Agency>> = BTreeMap::new();
        for agency in all {
            let above = agency.parent.filter(|above| all.iter().any(|one| one.id == *above));
            below.entry(above).or_default().push(agency);
        }
        for children in below.values_mut() {
            children.sort_by_key(|agency| rank(agency.level));
        }
        Self { below }
    }

    fn whole(&self, asked: &Asked) -> Vec<Value> {
        self.under(None, asked)
    }

    fn under(&self, above: Option<AgencyId>, asked: &Asked) -> Vec<Value> {
        let children = self.below.get(&above).into_iter().flatten();
        let shown = |agency: &&Agency| {
            json!({
                "name": agency.name, "code": agency.code, "href": asked.to(&format!("{AGENCIES}/{}", agency.code)),
                "below": self.under(Some(agency.id), asked),
            })
        };
        children.map(shown).collect()
    }
}

/// The higher level first.
fn rank(level: AgencyLevel) -> u8 {
    match level {
        AgencyLevel::Province => 0,
        AgencyLevel::Department => 1,
        AgencyLevel::District => 2,
        AgencyLevel::Commune => 3,
    }
}

async fn agency(visit: Visit<House>) -> Answer {
    let identity = &visit.state.identity;
    let words = Words::new(&visit, "");
    let mut op = visit.look().await?;
    let asked = Asked::of(&visit, &op);
    let found = identity.agency_lineage(&mut op, visit.param("code"), asked.day).await?;
    let own = &found.agency;
    // Its place in the tree is that of a day on which it was there.
    let day = own
        .validity
        .to
        .map_or(asked.day, |last| last.min(asked.day))
        .max(own.validity.from);
    let above = match own.parent {
        Some(above) => if_known(identity.agency(&mut op, above).await)?,
        None => None,
    };
    let filter = AgencyFilter {
        parent: Some(own.id),
        ..AgencyFilter::default()
    };
    let below = identity.agencies_on(&mut op, &filter, day).await?;
    drop(op);
    let link = |agency: &Agency| agency_link(&words, &asked, agency);
    let shares = |all: &[AgencyShare]| -> Vec<Value> {
        let shown = |share: &AgencyShare| {
            let mut shown = link(&share.agency);
            shown["whole"] = json!(share.whole);
            shown["home"] = json!(share.home);
            shown
        };
        all.iter().map(shown).collect()
    };
    let content = json!({
        "asked": asked.content(&words), "name": own.name, "code": own.code, "old_code": own.old_code,
        "level": words.say(&format!("organisation.level.{}", own.level.as_str()), []),
        "days": days(&words, own.validity), "in_force": found.in_force, "address": own.address, "phone": own.phone,
        "above": above.as_ref().map(link), "below": below.iter().map(link).collect::<Vec<_>>(),
        "came_from": shares(&found.came_from), "became": shares(&found.became),
        "in_charge": (found.in_charge.id != own.id).then(|| link(&found.in_charge)),
        "area": own.area_code.as_ref().map(|code| json!({ "code": code, "href": asked.on(&format!("{AREAS}/{code}"), day) })),
        "all": asked.to(AGENCIES), "here": format!("{AGENCIES}/{}", own.code),
    });
    visit
        .page_status(asked.status(), "portal/organisation/agency.html", content)
        .await
}

/// A link to an agency on a day on which its code means it.
fn agency_link(words: &Words, asked: &Asked, agency: &Agency) -> Value {
    let day = within(agency.validity, asked.day);
    json!({
        "name": agency.name, "code": agency.code, "href": asked.on(&format!("{AGENCIES}/{}", agency.code), day),
        "days": days(words, agency.validity),
    })
}

/// The day itself while there is something then, else its nearest one.
pub(crate) fn within(validity: Validity, day: NaiveDate) -> NaiveDate {
    validity.to.map_or(day, |last| day.min(last)).max(validity.from)
}

pub(crate) fn days(words: &Words, validity: Validity) -> String {
    let day = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    match validity.to {
        None => words.say("organisation.since", [("from", day(validity.from))]),
        Some(last) => words.say(
            "organisation.from_to",
            [("from", day(validity.from)), ("to", day(last))],
        ),
    }
}

async fn areas(visit: Visit<House>) -> Answer {
    let identity = &visit.state.identity;
    let words = Words::new(&visit, "");
    let mut op = visit.look().await?;
    let asked = Asked::of(&visit, &op);
    let typed = typed_code(&visit);
    if let Some(typed) = typed
        && let Some(found) = if_known(identity.area_lineage(&mut op, typed, asked.day).await)?
    {
        return visit.redirect(asked.to(&format!("{AREAS}/{}", found.area.code)));
    }
    let mut provinces = Vec::new();
    for province in identity.divided_provinces(&mut op, asked.day).await? {
        let below = identity.areas(&mut op, Some(&province.code), asked.day).await?;
        let wards = identity.wards_of(&mut op, &province.code, asked.day).await?;
        let shown = |area: &Area| area_entry(&asked, area);
        let entries: Vec<Value> = below
            .iter()
            .map(|area| {
                let inside = wards.iter().filter(|ward| ward.parent.as_deref() == Some(&area.code));
                let mut entry = shown(area);
                entry["below"] = json!(inside.map(shown).collect::<Vec<_>>());
                entry
            })
            .collect();
        let mut entry = shown(&province);
        entry["wards"] = json!(wards.len());
        entry["below"] = json!(entries);
        provinces.push(entry);
    }
    drop(op);
    let unknown = typed.map(|typed| typed.chars().take(LONGEST_SHOWN).collect::<String>());
    let status = if unknown.is_some() {
        StatusCode::NOT_FOUND
    } else {
        asked.status()
    };
    let content = json!({
        "asked": asked.content(&words), "provinces": provinces, "agencies": asked.to(AGENCIES),
        "names": address(place_names::NAMES, unknown.as_deref().map(|typed| ("q", typed))), "unknown": unknown,
    });
    visit
        .page_status(status, "portal/organisation/areas.html", content)
        .await
}

fn area_entry(asked: &Asked, area: &Area) -> Value {
    json!({ "name": area.name, "code": area.code, "href": asked.to(&format!("{AREAS}/{}", area.code)) })
}

async fn area(visit: Visit<House>) -> Answer {
    let identity = &visit.state.identity;
    let words = Words::new(&visit, "");
    let mut op = visit.look().await?;
    let asked = Asked::of(&visit, &op);
    let found = identity.area_lineage(&mut op, visit.param("code"), asked.day).await?;
    drop(op);
    let own = &found.area;
    let link = |area: &Area| {
        json!({
            "name": area.name, "code": area.code, "days": days(&words, area.validity),
            "href": asked.on(&format!("{AREAS}/{}", area.code), within(area.validity, asked.day)),
        })
    };
    let shares = |all: &[AreaShare]| -> Vec<Value> {
        let shown = |share: &AreaShare| {
            let mut shown = link(&share.area);
            shown["whole"] = json!(share.whole);
            shown
        };
        all.iter().map(shown).collect()
    };
    let others = found.meanings.iter().filter(|meaning| meaning.validity != own.validity);
    let content = json!({
        "asked": asked.content(&words), "name": own.name, "code": own.code, "days": days(&words, own.validity), "in_force": found.in_force,
        "above": found.path.iter().skip(1).map(link).collect::<Vec<_>>(), "came_from": shares(&found.came_from),
        "became": shares(&found.became), "today": shares(&found.today), "others": others.map(link).collect::<Vec<_>>(),
        "all": asked.to(AREAS), "here": format!("{AREAS}/{}", own.code), "names": address(place_names::NAMES, [("q", own.code.as_str())]),
    });
    visit
        .page_status(asked.status(), "portal/organisation/area.html", content)
        .await
}
