//! How rows are told apart, and what records with their keys hold already.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::Result;
use op::Op;
use schema::field::FieldKind;
use tabular::Cell;
use uuid::Uuid;

use super::mapping::Target;
use super::source::Keyed;
use super::{cells, preview};
use crate::definition::{Kind, RecordDefinition};
use crate::model::reading::{self, Ground};
use crate::take_over::Given;
use crate::{Registry, store};

/// How rows are told apart: by the key of the register, read as it would be kept.
pub(super) struct Keys {
    definition: Option<Arc<RecordDefinition>>,
    /// The columns of the key.
    places: Vec<usize>,
    /// The column of the first day.
    from: Option<usize>,
    ground: Ground,
}

impl Keys {
    /// For looking only: no row is told from another.
    pub(super) fn none() -> Self {
        Self {
            definition: None,
            places: Vec::new(),
            from: None,
            ground: Ground::default(),
        }
    }

    pub(super) fn of(definition: &Arc<RecordDefinition>, targets: &[Target], now: DateTime<Utc>) -> Self {
        let place = |wanted: &Target| targets.iter().position(|target| target == wanted);
        let places: Option<Vec<usize>> = definition
            .key
            .iter()
            .map(|key| place(&Target::Field(key.clone())))
            .collect();
        Self {
            definition: places.is_some().then(|| definition.clone()),
            places: places.unwrap_or_default(),
            from: place(&Target::ValidFrom),
            ground: Ground {
                now,
                ..Ground::default()
            },
        }
    }
}

impl Keyed for Keys {
    fn key(&self, row: &[Cell]) -> Option<Vec<String>> {
        let definition = self.definition.as_deref()?;
        definition
            .key
            .iter()
            .zip(&self.places)
            .map(|(key, place)| {
                let field = definition.field(key)?;
                let given = cells::value(field, row.get(*place)?);
                if given.is_null() {
                    return None;
                }
                // Wards and codes of catalogues are told by what stands there.
                let by_list = matches!(field.kind, Kind::Plain(FieldKind::Area)) || field.catalogue().is_some();
                let read = match by_list {
                    true => None,
                    false => reading::read_one(field, &given, &self.ground, self.ground.today())
                        .ok()
                        .flatten(),
                };
                Some(store::record::whole(&read.unwrap_or(given)))
            })
            .collect()
    }

    fn from(&self, row: &[Cell]) -> String {
        let cell = self.from.and_then(|place| row.get(place));
        cell.map(|cell| cell.text().into_owned()).unwrap_or_default()
    }
}

impl Registry {
    /// Fields without a column keep what the record has: who brings a file with two columns does not empty the others.
    pub(super) async fn complete(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        targets: &[Target],
        given: &mut [Given],
    ) -> Result<()> {
        let missing: BTreeSet<String> = preview::without_column(definition, targets).into_iter().collect();
        let standing = store::register::get(op.conn(), &definition.record).await?;
        if missing.is_empty() || given.is_empty() || !standing.is_some_and(|own| own.made) {
            return Ok(());
        }
        let ground = self.ground(op, definition).await?;
        let keys: Vec<Option<Vec<String>>> = given.iter().map(|row| key_of(definition, row, &ground)).collect();
        let asked: Vec<&[String]> = keys.iter().flatten().map(Vec::as_slice).collect();
        let known = store::many::by_keys(op.conn(), self.vault(), definition, &asked, None).await?;
        let ids: Vec<Uuid> = known.values().copied().collect();
        let records = store::file::going_on(op.conn(), self.vault(), definition, &ids).await?;
        for (row, key) in given.iter_mut().zip(&keys) {
            let Some(record) = key
                .as_ref()
                .and_then(|key| known.get(key))
                .and_then(|id| records.get(id))
            else {
                continue;
            };
            for field in &missing {
                if let Some(value) = record.get(field) {
                    row.fields.insert(field.clone(), value.clone());
                }
            }
        }
        Ok(())
    }
}

/// The key of a row, as it would be kept; nothing where it cannot be read.
fn key_of(definition: &RecordDefinition, row: &Given, ground: &Ground) -> Option<Vec<String>> {
    definition
        .key
        .iter()
        .map(|key| {
            let day = row.from.unwrap_or_else(|| ground.today());
            let read = reading::read_one(definition.field(key)?, row.fields.get(key)?, ground, day);
            read.ok().flatten().map(|value| store::record::whole(&value))
        })
        .collect()
}
