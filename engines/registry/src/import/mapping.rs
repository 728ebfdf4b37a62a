//! Which column of a file is which field: found by headings, slips offered, everything else asked. Pure.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Fault, FieldFault, Result, text};

use crate::definition::{FieldDefinition, Kind, RecordDefinition};
use crate::error;

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A field.
    Field(String),
    /// The first day of a period.
    From(String),
    /// The last day of a period.
    To(String),
    /// The first day on which the row holds.
    ValidFrom,
    /// The last day on which the row holds.
    ValidTo,
    /// Nothing: it is not read.
    Nothing,
}

impl Target {
    /// As it stands in forms, in JSON and in the database: `name`, `lease.from`, `valid_from`, `-`.
    pub fn key(&self) -> String {
        match self {
            Self::Field(field) => field.clone(),
            Self::From(field) => format!("{field}.from"),
            Self::To(field) => format!("{field}.to"),
            Self::ValidFrom => "valid_from".to_owned(),
            Self::ValidTo => "valid_to".to_owned(),
            Self::Nothing => "-".to_owned(),
        }
    }

    /// The target with this key, if the register has it and it is not computed.
    pub fn parse(definition: &RecordDefinition, key: &str) -> Option<Self> {
        match key {
            "-" => return Some(Self::Nothing),
            "valid_from" => return Some(Self::ValidFrom),
            "valid_to" => return Some(Self::ValidTo),
            _ => {}
        }
        let (name, end) = match key.split_once('.') {
            Some((name, end)) => (name, Some(end)),
            None => (key, None),
        };
        let field = definition.field(name).filter(|field| !field.is_computed())?;
        let period = matches!(field.kind, Kind::Period);
        match end {
            None => Some(Self::Field(name.to_owned())),
            Some("from") if period => Some(Self::From(name.to_owned())),
            Some("to") if period => Some(Self::To(name.to_owned())),
            Some(_) => None,
        }
    }

    /// Everything that a column of this register may be, in the order of its fields.
    pub fn all(definition: &RecordDefinition) -> Vec<Self> {
        let mut all = Vec::new();
        for field in definition.fields.iter().filter(|field| !field.is_computed()) {
            all.push(Self::Field(field.field.clone()));
            if matches!(field.kind, Kind::Period) {
                all.push(Self::From(field.field.clone()));
                all.push(Self::To(field.field.clone()));
            }
        }
        all.extend([Self::ValidFrom, Self::ValidTo]);
        all
    }

    /// The field that gets something.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(field) | Self::From(field) | Self::To(field) => Some(field),
            _ => None,
        }
    }
}

/// What a heading says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The name of one thing and of nothing else.
    Sure(Target),
    /// Nearly the name of one thing: to be confirmed.
    Near(Target),
    /// The name of something that another column is already.
    Twice(Target),
    /// A field that is computed: what the file says of it is not read.
    Computed(String),
    /// A column that this program adds to rows that it hands back: not read.
    Own,
    /// Nothing at all, and there is nothing below it either.
    Blank,
    /// Nothing known: to be confirmed before it is passed over.
    Unknown,
}

impl Match {
    /// What the column would be if nobody said anything else.
    pub fn target(&self) -> Target {
        match self {
            Self::Sure(target) | Self::Near(target) => target.clone(),
            _ => Target::Nothing,
        }
    }

    /// Whether nobody needs to be asked.
    pub fn is_sure(&self) -> bool {
        matches!(self, Self::Sure(_) | Self::Computed(_) | Self::Own | Self::Blank)
    }

    /// Its word for programs and texts.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sure(_) => "sure",
            Self::Near(_) => "near",
            Self::Twice(_) => "twice",
            Self::Computed(_) => "computed",
            Self::Own => "own",
            Self::Blank => "blank",
            Self::Unknown => "unknown",
        }
    }
}

/// Headings that are no fields, in both languages.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What the first day of a row is called.
    pub valid_from: Vec<String>,
    /// What the last day of a row is called.
    pub valid_to: Vec<String>,
    /// What this program calls the columns that it adds to rows that it hands back.
    pub own: Vec<String>,
}

/// What somebody says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What it is.
    pub target: Target,
    /// Whether they have said so although it was only guessed.
    pub confirmed: bool,
}

/// Letters and digits without tones, in words; a unit or star behind it does not count.
fn plain(heading: &str) -> String {
    let bare = match heading
        .trim_end()
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        Some((before, _)) if !before.trim().is_empty() => before,
        _ => heading,
    };
    let folded = text::fold(bare);
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Everything by which a target is known.
fn names(field: &FieldDefinition) -> [&str; 3] {
    [&field.field, &field.words.vi, &field.words.en]
}

/// The target of which one of the names is so written, if there is only one.
struct Names {
    exact: BTreeMap<String, BTreeSet<Option<Target>>>,
    plain: BTreeMap<String, BTreeSet<Option<Target>>>,
}

impl Names {
    /// `None` stands for computed fields.
    fn of(definition: &RecordDefinition, known: &Known) -> Self {
        let mut all = Self {
            exact: BTreeMap::new(),
            plain: BTreeMap::new(),
        };
        for field in &definition.fields {
            let target = (!field.is_computed()).then(|| Target::Field(field.field.clone()));
            for name in names(field) {
                all.add(name, target.clone());
            }
            if matches!(field.kind, Kind::Period) {
                all.add(
                    &format!("{}.from", field.field),
                    Some(Target::From(field.field.clone())),
                );
                all.add(&format!("{}.to", field.field), Some(Target::To(field.field.clone())));
            }
        }
        // GeoJSON has one geometry, and no name for it.
        let mut shapes = definition
            .fields
            .iter()
            .filter(|field| matches!(field.kind, Kind::Geometry(_)));
        if let (Some(only), None) = (shapes.next(), shapes.next())
            && definition.field(tabular::GEOMETRY).is_none()
        {
            all.add(tabular::GEOMETRY, Some(Target::Field(only.field.clone())));
        }
        all.add("valid_from", Some(Target::ValidFrom));
        all.add("valid_to", Some(Target::ValidTo));
        // A field of the same name goes before what every row has.
        for (words, target) in [
            (&known.valid_from, Target::ValidFrom),
            (&known.valid_to, Target::ValidTo),
        ] {
            for name in words {
                if !all.plain.contains_key(&plain(name)) {
                    all.add(name, Some(target.clone()));
                }
            }
        }
        all
    }

    fn add(&mut self, name: &str, target: Option<Target>) {
        let exact = text::clean_line(name).to_lowercase();
        self.exact.entry(exact).or_default().insert(target.clone());
        let plain = plain(name);
        if !plain.is_empty() {
            self.plain.entry(plain).or_default().insert(target);
        }
    }

    fn find(&self, heading: &str) -> Option<Option<Target>> {
        let only = |found: Option<&BTreeSet<Option<Target>>>| {
            found
                .filter(|targets| targets.len() == 1)
                .and_then(|targets| targets.first().cloned())
        };
        only(self.exact.get(&text::clean_line(heading).to_lowercase()))
            .or_else(|| only(self.plain.get(&plain(heading))))
    }

    /// The target whose name is nearest, among those that are not taken.
    fn near(&self, heading: &str, taken: &BTreeSet<Target>) -> Option<Target> {
        let free = |targets: &BTreeSet<Option<Target>>| match targets.first() {
            Some(Some(target)) if targets.len() == 1 && !taken.contains(target) => Some(target.clone()),
            _ => None,
        };
        let candidates = self.plain.iter().filter(|(_, targets)| free(targets).is_some());
        let name = schema::nearest(&plain(heading), candidates.map(|(name, _)| name.as_str()))?;
        free(self.plain.get(name)?)
    }
}

/// What each heading says. `filled` tells of each column whether anything stands in it.
pub fn propose(definition: &RecordDefinition, headings: &[String], filled: &[bool], known: &Known) -> Vec<Match> {
    let names = Names::of(definition, known);
    let own: BTreeSet<String> = known.own.iter().map(|name| plain(name)).collect();
    let mut taken = BTreeSet::new();
    let mut found: Vec<Option<Match>> = Vec::with_capacity(headings.len());
    for (place, heading) in headings.iter().enumerate() {
        found.push(match names.find(heading) {
            _ if plain(heading).is_empty() && !filled.get(place).copied().unwrap_or(true) => Some(Match::Blank),
            _ if own.contains(&plain(heading)) => Some(Match::Own),
            Some(None) => Some(Match::Computed(text::clean_line(heading))),
            Some(Some(target)) if taken.contains(&target) => Some(Match::Twice(target)),
            Some(Some(target)) => {
                taken.insert(target.clone());
                Some(Match::Sure(target))
            }
            None => None,
        });
    }
    let mut matches = Vec::with_capacity(found.len());
    for (heading, found) in headings.iter().zip(found) {
        matches.push(match found {
            Some(found) => found,
            None => match names.near(heading, &taken) {
                Some(target) => {
                    taken.insert(target.clone());
                    Match::Near(target)
                }
                None => Match::Unknown,
            },
        });
    }
    matches
}

/// The field of a fault about a column: `column.<place>`, from 0.
pub fn control(place: usize) -> String {
    format!("column.{place}")
}

/// What each column is, once everything that had to be said is said.
///
/// # Errors
/// `registry.import_columns` with a fault for each column that is undecided or said twice, `registry.import_no_key` {fields}.
pub fn decide(
    definition: &RecordDefinition,
    headings: &[String],
    matches: &[Match],
    said: &BTreeMap<usize, Choice>,
) -> Result<Vec<Target>> {
    let mut faults = Vec::new();
    let mut targets = Vec::with_capacity(matches.len());
    let mut places: BTreeMap<Target, usize> = BTreeMap::new();
    let called = |place: usize| match headings.get(place) {
        Some(heading) if !heading.is_empty() => heading.clone(),
        _ => (place + 1).to_string(),
    };
    for (place, own) in matches.iter().enumerate() {
        let usual = own.target();
        let choice = said.get(&place);
        let target = choice.map_or_else(|| usual.clone(), |choice| choice.target.clone());
        let guessed = !own.is_sure() && target == usual && !choice.is_some_and(|choice| choice.confirmed);
        if guessed {
            let rule = match own {
                Match::Near(_) => "registry.import.near",
                Match::Twice(_) => "registry.import.twice",
                _ => "registry.import.unknown",
            };
            let named = match own {
                Match::Near(target) | Match::Twice(target) => target.key(),
                _ => String::new(),
            };
            faults.push(
                FieldFault::new(control(place), rule)
                    .with("column", called(place))
                    .with("target", named),
            );
        }
        if target != Target::Nothing
            && let Some(other) = places.insert(target.clone(), place)
        {
            faults.push(
                FieldFault::new(control(place), "registry.import.same")
                    .with("column", called(place))
                    .with("other", called(other)),
            );
        }
        targets.push(target);
    }
    for (target, place) in &places {
        let whole = |field: &String| places.get(&Target::Field(field.clone()));
        if let Target::From(field) | Target::To(field) = target
            && let Some(other) = whole(field)
        {
            faults.push(
                FieldFault::new(control(*place), "registry.import.same")
                    .with("column", called(*place))
                    .with("other", called(*other)),
            );
        }
    }
    let missing: Vec<&FieldDefinition> = definition
        .key
        .iter()
        .filter(|key| !targets.iter().any(|target| target.field() == Some(key)))
        .filter_map(|key| definition.field(key))
        .collect();
    if !missing.is_empty() {
        return Err(error::import_no_key(&missing));
    }
    match faults.is_empty() {
        true => Ok(targets),
        false => {
            let mut fault = Fault::invalid("registry.import_columns");
            fault.fields = faults;
            Err(fault)
        }
    }
}

/// The fields that no column fills and that every record needs: rows with new keys will be handed back.
pub fn lacking<'d>(definition: &'d RecordDefinition, targets: &[Target]) -> Vec<&'d FieldDefinition> {
    definition
        .fields
        .iter()
        .filter(|field| matches!(field.required, schema::field::Condition::Always))
        .filter(|field| {
            !targets
                .iter()
                .any(|target| target.field() == Some(field.field.as_str()))
        })
        .collect()
}

#[cfg(test)]
mod tests;
