//! How rows are told apart, and what records with their keys hold already.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schema::field::FieldKind;
use tabular::Cell;

use super::cells;
use super::mapping::Target;
use super::source::Keyed;
use crate::definition::{Kind, RecordDefinition};
use crate::model::reading::{self, Ground};
use crate::store;

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
