//! A register is looked through for duplicates: records are put into groups by what alike ones have in common, and compared inside of these.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use kernel::Result;
use op::{Op, Permit};
use uuid::Uuid;

use super::ordered;
use crate::definition::{Duplicate, RecordDefinition};
use crate::model::Record;
use crate::model::likeness::{ALIKE, Folded, key_of, likeness, worth_comparing};
use crate::model::twins::judge;
use crate::store::twin::{Compared, Found};
use crate::{Registry, store};

/// Records read at a time.
const BATCH: i64 = 5_000;
/// Keys that are held at a time, give or take: the rest has its turn in another part.
const KEYS: u64 = 1_000_000;
/// Keys of a record, give or take.
const KEYS_EACH: u64 = 6;
/// More keys of one part are not held, whatever the records are like.
const MOST_KEYS: usize = 4_000_000;
/// More records of one group are not compared.
const MOST_OF_GROUP: usize = 20_000;
/// Records whose texts are held at a time.
const MOST_TEXTS: usize = 5_000;
/// Equal texts are paired each with each up to so many; beyond, each with the first.
const EACH_WITH_EACH: usize = 10;
/// Pairs that are weighed at a time.
const WEIGHED: usize = 500;
/// More pairs of a register are not kept.
const MOST_PAIRS: u64 = 100_000;

/// One part of one way.
pub(crate) struct Stretch<'a> {
    /// The run.
    pub run: Uuid,
    /// The way.
    pub way: &'a Duplicate,
    /// Which part of the keys.
    pub part: u64,
    /// Of how many.
    pub parts: u64,
    /// Pairs that were found before.
    pub known: u64,
}

impl Stretch<'_> {
    /// In how many parts the keys of so many records come.
    pub fn parts(records: u64) -> u64 {
        records * KEYS_EACH / KEYS + 1
    }
}

/// What a stretch has found.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// Pairs.
    pub pairs: u64,
    /// Whether something was too large to be compared whole.
    pub partly: bool,
}

/// The keys that a record has in common with those it may be alike.
fn keys(row: &Compared) -> Vec<u64> {
    let same = key_of(&row.same);
    match row.alike.first() {
        None => vec![same],
        Some(text) => {
            let text = Folded::new(text);
            if text.is_empty() {
                return Vec::new();
            }
            text.keys().into_iter().map(|key| key_of(&[same, key])).collect()
        }
    }
}

impl Registry {
    /// Looks for duplicates on one way in one part of the keys, and keeps what it finds.
    pub(crate) async fn find_twins(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        stretch: &Stretch<'_>,
    ) -> Result<Passed> {
        let day = kernel::local_date(op.now());
        let mut passed = Passed::default();
        let mut held = self.hold_keys(op, definition, stretch, day, &mut passed).await?;
        held.sort_unstable();
        let mut pairs = BTreeSet::new();
        let mut waiting: Vec<Vec<Uuid>> = Vec::new();
        let mut texts = 0;
        for group in held
            .chunk_by(|one, other| one.0 == other.0)
            .filter(|group| group.len() > 1)
        {
            passed.partly |= group.len() > MOST_OF_GROUP;
            let ids: Vec<Uuid> = group.iter().take(MOST_OF_GROUP).map(|(_, id)| *id).collect();
            if stretch.way.alike.is_empty() {
                pair_equal(&ids, &mut pairs);
            } else {
                texts += ids.len();
                waiting.push(ids);
            }
            if texts >= MOST_TEXTS {
                texts = 0;
                self.compare_stretch(op, definition, stretch, day, std::mem::take(&mut waiting), &mut pairs)
                    .await?;
            }
            if pairs.len() >= WEIGHED {
                self.weigh(op, permit, definition, stretch, day, &mut pairs, &mut passed)
                    .await?;
            }
        }
        self.compare_stretch(op, definition, stretch, day, waiting, &mut pairs)
            .await?;
        self.weigh(op, permit, definition, stretch, day, &mut pairs, &mut passed)
            .await?;
        Ok(passed)
    }

    async fn hold_keys(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        stretch: &Stretch<'_>,
        day: NaiveDate,
        passed: &mut Passed,
    ) -> Result<Vec<(u64, Uuid)>> {
        let mut held = Vec::new();
        let mut after = None;
        loop {
            let rows = store::twin::batch(op.conn(), definition, stretch.way, day, after, BATCH).await?;
            let Some(last) = rows.last() else { return Ok(held) };
            after = Some(last.id);
            for row in &rows {
                let own = keys(row).into_iter().filter(|key| key % stretch.parts == stretch.part);
                held.extend(own.map(|key| (key, row.id)));
            }
            if held.len() > MOST_KEYS {
                passed.partly = true;
                return Ok(held);
            }
        }
    }

    /// Compares the texts of records that have a key in common.
    async fn compare_stretch(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        stretch: &Stretch<'_>,
        day: NaiveDate,
        groups: Vec<Vec<Uuid>>,
        pairs: &mut BTreeSet<(Uuid, Uuid)>,
    ) -> Result<()> {
        if groups.is_empty() {
            return Ok(());
        }
        let ids: BTreeSet<Uuid> = groups.iter().flatten().copied().collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let rows = store::twin::compared(op.conn(), definition, stretch.way, day, &ids).await?;
        let rows: HashMap<Uuid, (Vec<String>, Vec<Folded>)> = rows
            .into_iter()
            .map(|row| {
                let texts = row.alike.iter().map(|text| Folded::new(text)).collect();
                (row.id, (row.same, texts))
            })
            .collect();
        for group in groups {
            // Those that agree in all letters stand for each other.
            let mut equal: BTreeMap<(&[String], Vec<String>), Vec<Uuid>> = BTreeMap::new();
            for id in &group {
                if let Some((same, texts)) = rows.get(id) {
                    let letters = texts.iter().map(Folded::sorted).collect();
                    equal.entry((same.as_slice(), letters)).or_default().push(*id);
                }
            }
            let standing: Vec<&Vec<Uuid>> = equal.values().collect();
            let texts: Vec<&(Vec<String>, Vec<Folded>)> =
                standing.iter().filter_map(|ids| rows.get(ids.first()?)).collect();
            for ids in &standing {
                pair_equal(ids, pairs);
            }
            let first: Vec<&Folded> = texts.iter().filter_map(|(_, texts)| texts.first()).collect();
            for (one, other) in worth_comparing(&first) {
                let (Some(left), Some(right)) = (texts.get(one), texts.get(other)) else {
                    continue;
                };
                let alike = left.0 == right.0
                    && left
                        .1
                        .iter()
                        .zip(&right.1)
                        .all(|(one, other)| likeness(one, other) >= ALIKE);
                let ids = (
                    standing.get(one).and_then(|ids| ids.first()),
                    standing.get(other).and_then(|ids| ids.first()),
                );
                if let (true, (Some(one), Some(other))) = (alike, ids) {
                    pairs.insert(ordered(*one, *other));
                }
            }
        }
        Ok(())
    }

    /// Weighs pairs by their whole records, opened inside of the platform, and keeps those that are likely one thing.
    #[expect(clippy::too_many_arguments, reason = "one step of one pass, said in one place")]
    async fn weigh(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        stretch: &Stretch<'_>,
        day: NaiveDate,
        pairs: &mut BTreeSet<(Uuid, Uuid)>,
        passed: &mut Passed,
    ) -> Result<()> {
        let all: Vec<(Uuid, Uuid)> = std::mem::take(pairs).into_iter().collect();
        for some in all.chunks(WEIGHED) {
            if stretch.known + passed.pairs >= MOST_PAIRS {
                passed.partly = true;
                return Ok(());
            }
            let ids: BTreeSet<Uuid> = some.iter().flat_map(|(one, other)| [*one, *other]).collect();
            let ids: Vec<Uuid> = ids.into_iter().collect();
            let records = self.with_secrets(op, definition, day, &ids).await?;
            let weighed = some.iter().filter_map(|(one, other)| {
                let (left, right) = (records.get(one)?, records.get(other)?);
                let (score, why) = judge(definition, &left.values, &right.values)?;
                Some(Found {
                    one: *one,
                    other: *other,
                    score,
                    why,
                })
            });
            let found: Vec<Found> = weighed.collect();
            passed.pairs += found.len() as u64;
            let at = op.now();
            store::twin::keep(op.conn(), permit, &definition.record, stretch.run, at, &found).await?;
        }
        Ok(())
    }

    /// Records with what is sealed of them; where one does not open, with what is plain.
    async fn with_secrets(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        day: NaiveDate,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Record>> {
        let opened = store::quality::day_records(op.conn(), definition, day, ids, Some(self.vault())).await;
        let records = match opened {
            Err(fault) if fault.code == "vault.sealed_broken" => {
                store::quality::day_records(op.conn(), definition, day, ids, None).await?
            }
            opened => opened?,
        };
        Ok(records.into_iter().map(|record| (record.id, record)).collect())
    }
}

/// Records that agree wholly: each with each of a few, each with the first of many.
fn pair_equal(ids: &[Uuid], pairs: &mut BTreeSet<(Uuid, Uuid)>) {
    for (place, one) in ids.iter().enumerate() {
        if place > 0 && ids.len() > EACH_WITH_EACH {
            return;
        }
        pairs.extend(ids.iter().skip(place + 1).map(|other| ordered(*one, *other)));
    }
}
