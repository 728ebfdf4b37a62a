//! What was made of other registers, so that links lead to it.

use std::collections::{BTreeMap, HashMap};

/// As much of a record as others need who link to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// A value for each field of the key, as text; a link among them as the place of the record in its slice.
    pub(super) key: Vec<String>,
    /// The links among them: place in the key, register, place of the record.
    pub(super) linked: Vec<(usize, String, usize)>,
    pub(super) title: String,
    pub(super) ward: Option<usize>,
    pub(super) person: Option<usize>,
    pub(super) household: Option<usize>,
    /// To what it belongs: register and place of the links that must be there.
    pub(super) leads: Vec<(String, usize)>,
}

impl Kept {
    /// What a link is called that leads here: the key, where it is one value and no link.
    pub(super) fn called(&self) -> String {
        self.key.join("/")
    }
}

/// The records of a register that were made last.
#[derive(Debug, Clone, Default)]
pub(super) struct Slice {
    /// The slice of people to which they belong.
    pub(super) slice: usize,
    pub(super) kept: Vec<Kept>,
    /// Whether each is about one person alone.
    pub(super) is_of_people: bool,
    by_person: HashMap<usize, Vec<usize>>,
    by_household: HashMap<usize, Vec<usize>>,
    by_ward: HashMap<usize, Vec<usize>>,
    by_lead: HashMap<(String, usize), Vec<usize>>,
}

impl Slice {
    pub(super) fn of(slice: usize, is_of_people: bool) -> Self {
        Self {
            slice,
            is_of_people,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, kept: Kept) {
        let at = self.kept.len();
        let put = |by: &mut HashMap<usize, Vec<usize>>, key: Option<usize>| {
            if let Some(key) = key {
                by.entry(key).or_default().push(at);
            }
        };
        put(&mut self.by_person, kept.person);
        put(&mut self.by_household, kept.household);
        put(&mut self.by_ward, kept.ward);
        for lead in &kept.leads {
            self.by_lead.entry(lead.clone()).or_default().push(at);
        }
        self.kept.push(kept);
    }

    /// The same with its first records alone.
    pub(super) fn first(&self, most: usize) -> Self {
        let mut first = Self::of(self.slice, self.is_of_people);
        self.kept.iter().take(most).cloned().for_each(|kept| first.add(kept));
        first
    }

    /// Records about a person of a slice of people.
    pub(super) fn of_person(&self, slice: usize, person: usize) -> &[usize] {
        self.found(slice, &self.by_person, person)
    }

    /// Records of a household.
    pub(super) fn of_household(&self, slice: usize, household: usize) -> &[usize] {
        self.found(slice, &self.by_household, household)
    }

    /// Whether its records belong to some of another register.
    pub(super) fn belongs(&self, register: &str) -> bool {
        self.kept
            .first()
            .is_some_and(|kept| kept.leads.iter().any(|(lead, _)| lead == register))
    }

    /// Records that belong to a record of another register.
    pub(super) fn that_lead(&self, register: &str, place: usize) -> &[usize] {
        let there = self.by_lead.get(&(register.to_owned(), place));
        there.map(Vec::as_slice).unwrap_or_default()
    }

    /// Records of a ward.
    pub(super) fn of_ward(&self, ward: usize) -> &[usize] {
        self.by_ward.get(&ward).map(Vec::as_slice).unwrap_or_default()
    }

    fn found<'s>(&self, slice: usize, by: &'s HashMap<usize, Vec<usize>>, key: usize) -> &'s [usize] {
        let there = by.get(&key).filter(|_| self.slice == slice);
        there.map(Vec::as_slice).unwrap_or_default()
    }
}

/// All registers that were filled so far.
pub(super) type Stock = BTreeMap<String, Slice>;
