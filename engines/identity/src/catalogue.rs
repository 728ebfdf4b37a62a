//! The national list of administrative areas: what a code means anywhere in the country on any day, and what became of it (R221, R222).
//!
//! It is read, never lived in: forms, offices and addresses go by [`Identity::areas`].

use std::collections::BTreeMap;

use chrono::NaiveDate;
use db::{Page, PageRequest};
use kernel::{Result, text};
use op::Op;
use schemars::JsonSchema;
use serde::Serialize;

use crate::agencies::today;
use crate::areas::checked;
use crate::model::{Area, AreaLevel};
use crate::{Identity, access, error, store};

/// A question of more words finds nothing else.
const MOST_TERMS: usize = 12;

/// An area of the national list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogueArea {
    /// Code, name, level, the area above, days.
    #[serde(flatten)]
    pub area: Area,
    /// Names of the areas above, the lowest first: "Thành phố Vị Thanh, Tỉnh Hậu Giang". Empty for a province.
    pub place: String,
    /// Whether the first day is known. Else it is a convention: the list says only until when the code meant this.
    pub from_known: bool,
}

/// An area and how much of another one is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogueShare {
    /// The area.
    pub area: CatalogueArea,
    /// Whether all of the other one is here, or a part of it.
    pub whole: bool,
    /// How the source puts it, in Vietnamese, where it says more than that.
    pub note: String,
    /// The resolution, where the source names it.
    pub basis: String,
}

/// An area that a search has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogueEntry {
    /// The area.
    pub area: CatalogueArea,
    /// What it became; nothing while it is there, and where the source does not tell.
    pub became: Vec<CatalogueShare>,
}

/// What a code means on a day, everything it ever meant, where that came from and what it is called today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogueLineage {
    /// What the code means on the day asked for, else what it meant last before, else what it will mean first.
    pub area: CatalogueArea,
    /// Whether it is there on the day asked for.
    pub in_force: bool,
    /// What was on its ground before, and whether all of that is in it.
    pub came_from: Vec<CatalogueShare>,
    /// What it became, and whether all of it went there.
    pub became: Vec<CatalogueShare>,
    /// What stands on its ground today: the area itself while it is there.
    pub today: Vec<CatalogueShare>,
    /// Everything that the code ever meant, the oldest first.
    pub meanings: Vec<CatalogueArea>,
}

/// What is looked for in the national list.
#[derive(Clone, Debug, Default)]
pub struct CatalogueQuery {
    /// Words of the name and of the areas above, without marks and whole or begun; or a code. Empty: everything.
    pub words: String,
    /// Areas of this day only.
    pub on: Option<NaiveDate>,
}

/// The national list, as a table of the province's house has it.
#[derive(Clone, Debug, Default)]
pub struct NationalList {
    /// Each area, and whether its first day is known.
    pub areas: Vec<(Area, bool)>,
    /// What became of what.
    pub changes: Vec<CatalogueChange>,
}

/// All or a part of an area became another one.
#[derive(Clone, Debug)]
pub struct CatalogueChange {
    /// The first day of what is new. Until the day before, the old code meant what ended.
    pub first_day: NaiveDate,
    /// Code of what ended.
    pub old_code: String,
    /// Code of what began.
    pub new_code: String,
    /// Whether all of it.
    pub whole: bool,
    /// How the source puts it, where it says more.
    pub note: String,
    /// The resolution, where the source names it.
    pub basis: String,
}

/// A row of the list, ready to be written.
pub(crate) struct ListedArea {
    pub(crate) area: Area,
    pub(crate) place: String,
    pub(crate) from_known: bool,
}

/// A change of the list, both sides told by their first day.
pub(crate) struct ListedChange<'a> {
    pub(crate) change: &'a CatalogueChange,
    pub(crate) old_from: NaiveDate,
    pub(crate) new_from: NaiveDate,
}

impl Identity {
    /// Puts a national list in the place of the one that is there. Fails with `identity.malformed` where an area stands under none, or a change names a
    /// code that means nothing on its day, and with `identity.overlap` where a code means two things on one day.
    pub async fn replace_area_catalogue(&self, op: &mut Op, list: &NationalList) -> Result<()> {
        let permit = op
            .allow(
                "identity.upsert_area",
                "area:catalogue",
                access::organise(op.rights(), "identity.upsert_area"),
            )
            .await?;
        let (areas, changes) = listed(list)?;
        store::catalogue::replace(op.conn(), &permit, &areas, &changes).await
    }

    /// What a code means on a day by the national list, with its history. Fails with `identity.area_not_found` where it never meant anything.
    pub async fn catalogue_lineage(&self, op: &mut Op, code: &str, on: NaiveDate) -> Result<CatalogueLineage> {
        let now = today(op);
        let meanings = store::catalogue::meanings(op.conn(), code.trim()).await?;
        let found = meaning(&meanings, on)
            .ok_or_else(|| error::area_not_found(code))?
            .clone();
        let area = &found.area;
        Ok(CatalogueLineage {
            in_force: area.validity.covers(on),
            came_from: same_level(area.level, store::catalogue::came_from(op.conn(), area).await?),
            became: same_level(area.level, store::catalogue::became(op.conn(), area).await?),
            today: same_level(area.level, store::catalogue::ground(op.conn(), area, now).await?),
            meanings,
            area: found,
        })
    }

    /// Areas of the national list by name or code, whole hits of the own name first, then in Vietnamese order.
    pub async fn search_area_catalogue(
        &self,
        op: &mut Op,
        query: &CatalogueQuery,
        page: &PageRequest,
    ) -> Result<Page<CatalogueEntry>> {
        let patterns = patterns(&query.words);
        store::catalogue::search(op.conn(), &patterns, query.on, page).await
    }
}

/// What it means on the day, else what it meant last before, else what it will mean first. They come the oldest first.
fn meaning(meanings: &[CatalogueArea], on: NaiveDate) -> Option<&CatalogueArea> {
    let begun = meanings.iter().rev().find(|one| one.area.validity.from <= on);
    begun.or(meanings.first())
}

/// Where there is something of the same level, that is meant: the ground of a ward was also that of a district.
fn same_level(level: AreaLevel, found: Vec<CatalogueShare>) -> Vec<CatalogueShare> {
    let (same, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.area.area.level == level);
    if same.is_empty() { others } else { same }
}

/// Folded words in their order, each as often as it stands: "Thành phố Vị Thanh" has one twice.
pub(crate) fn terms_of(words: &str) -> Vec<String> {
    let folded = text::fold(words);
    let terms = folded.split(|c: char| !c.is_alphanumeric());
    terms.filter(|term| !term.is_empty()).map(str::to_owned).collect()
}

/// What the words of an area are compared with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Patterns {
    /// Its words and those of the areas above have them all.
    pub(crate) all: Vec<String>,
    /// Its own words have them in this order: such areas come first.
    pub(crate) phrase: String,
}

/// The last word may only be begun; numbers are meant whole: "1" is not "11". Common short forms of kinds are written out.
fn patterns(words: &str) -> Patterns {
    let mut terms: Vec<String> = Vec::new();
    for term in terms_of(words).into_iter().take(MOST_TERMS) {
        let long = match term.as_str() {
            "tp" => "thanh pho",
            "tx" => "thi xa",
            "tt" => "thi tran",
            "p" => "phuong",
            "x" => "xa",
            "q" => "quan",
            "h" => "huyen",
            other => other,
        };
        terms.extend(long.split(' ').map(str::to_owned));
    }
    let is_number = |term: &str| term.bytes().all(|byte| byte.is_ascii_digit());
    let end = |at: usize, term: &str| {
        if at + 1 < terms.len() || is_number(term) {
            " %"
        } else {
            "%"
        }
    };
    let all = terms.iter().enumerate();
    Patterns {
        all: all.map(|(at, term)| format!("% {term}{}", end(at, term))).collect(),
        phrase: match terms.last() {
            Some(last) => format!("% {}{}", terms.join(" "), end(terms.len(), last)),
            None => "%".to_owned(),
        },
    }
}

fn listed(list: &NationalList) -> Result<(Vec<ListedArea>, Vec<ListedChange<'_>>)> {
    let areas: Vec<(Area, bool)> = list
        .areas
        .iter()
        .map(|(area, known)| Ok((checked(area)?, *known)))
        .collect::<Result<_>>()?;
    let mut by_code: BTreeMap<&str, Vec<&Area>> = BTreeMap::new();
    for (area, _) in &areas {
        by_code.entry(&area.code).or_default().push(area);
    }
    let on = |code: &str, day: NaiveDate| {
        let meanings = by_code.get(code).into_iter().flatten().copied();
        meanings.into_iter().find(|area| area.validity.covers(day))
    };
    let rows = areas
        .iter()
        .map(|(area, from_known)| {
            let day = area.validity.to.unwrap_or(area.validity.from);
            let mut place: Vec<&str> = Vec::new();
            let mut above = area.parent.as_deref();
            while let Some(code) = above {
                let parent = on(code, day)
                    .filter(|parent| parent.code.len() < area.code.len())
                    .ok_or_else(|| error::malformed("parent").with("code", &area.code))?;
                place.push(&parent.name);
                above = parent.parent.as_deref();
            }
            Ok(ListedArea {
                area: area.clone(),
                place: place.join(", "),
                from_known: *from_known,
            })
        })
        .collect::<Result<_>>()?;
    let changes = list
        .changes
        .iter()
        .map(|change| {
            let broken = |code: &str| error::malformed("changes").with("code", code);
            let day_before = change.first_day.pred_opt().ok_or_else(|| broken(&change.old_code))?;
            let old = on(&change.old_code, day_before).ok_or_else(|| broken(&change.old_code))?;
            let new = on(&change.new_code, change.first_day).ok_or_else(|| broken(&change.new_code))?;
            Ok(ListedChange {
                change,
                old_from: old.validity.from,
                new_from: new.validity.from,
            })
        })
        .collect::<Result<_>>()?;
    Ok((rows, changes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_words_of_which_the_last_may_be_begun_and_numbers_whole() {
        let found = patterns("  Vị Thanh");
        assert_eq!(found.all, ["% vi %", "% thanh%"]);
        assert_eq!(found.phrase, "% vi thanh%");
        let found = patterns("P. 1, TP.Vị Thanh 31318");
        assert_eq!(found.all[..4], ["% phuong %", "% 1 %", "% thanh %", "% pho %"]);
        assert_eq!(found.phrase, "% phuong 1 thanh pho vi thanh 31318 %");
        let nothing = patterns("% _ ?");
        assert_eq!((nothing.all.len(), nothing.phrase.as_str()), (0, "%"));
        assert_eq!(patterns("a b c d e f g h i j k l m n").all.len(), MOST_TERMS);
    }
}
