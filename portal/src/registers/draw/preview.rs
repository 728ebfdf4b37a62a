//! The form of a register that is not there yet, as its pages would draw it, and a row that is tried in it.

use std::sync::Arc;

use kernel::{AgencyId, Result};
use op::Op;
use registry::definition::{FieldDefinition, RecordDefinition};
use registry::{May, OWN_APP, Published, Values};
use serde_json::{Value, json};
use web::{Fields, Visit};

use crate::House;
use crate::registers::controls::Controls;
use crate::registers::faults::Said;
use crate::registers::given::{self, Given};
use crate::registers::lookups::{FilesOf, Lookups};
use crate::registers::show::Show;
use crate::registers::{Shown, Side, filters};
use crate::told::is_told_in_place;
use crate::words::Words;

/// A row to try.
#[derive(Default)]
pub(super) struct Tried {
    fields: Fields,
    given: Given,
    /// What is wrong with it.
    pub said: Said,
    /// As the register would keep it.
    values: Option<Values>,
}

impl Tried {
    /// Whether something stands in the form to be tried.
    pub fn is_typed(fields: &Fields) -> bool {
        let typed = |(name, value): (&str, &str)| name.starts_with("v.") && !value.trim().is_empty();
        fields.get("them").is_some() || fields.iter().any(typed)
    }

    /// What was typed, as it was typed.
    pub fn typed(fields: &Fields) -> Self {
        Self {
            fields: fields.clone(),
            ..Self::default()
        }
    }

    /// Reads it as the register would.
    pub async fn judged(
        visit: &Visit<House>,
        op: &mut Op,
        definition: &RecordDefinition,
        fields: Fields,
    ) -> Result<Self> {
        let words = Words::new(visit, OWN_APP);
        let given = given::read(visit, op, definition, &fields, None).await?;
        let mut said = Said::default();
        for (field, text) in &given.told {
            said.add(&words, definition, field, text.clone());
        }
        let mut values = None;
        match visit.state.registry.try_row(op, definition, &given.values).await {
            Ok(kept) => values = Some(kept).filter(|_| said.is_empty()),
            Err(fault) if is_told_in_place(&fault) => said.join(Said::of(&words, definition, &fault)),
            Err(fault) => return Err(fault),
        }
        Ok(Self {
            fields,
            given,
            said,
            values,
        })
    }

    /// The form with what was typed, the row as it would be kept, and the list with it.
    pub async fn preview(&self, visit: &Visit<House>, op: &mut Op, definition: &RecordDefinition) -> Result<Value> {
        let shown = shown_as(visit, op, definition);
        let none = Values::new();
        let values = self.values.as_ref().unwrap_or(&none);
        let mut lookups = Lookups::of(visit, op, definition, &[values], FilesOf::Nothing).await?;
        for catalogue in definition.fields.iter().filter_map(|field| field.catalogue()) {
            lookups.add_catalogue(visit, op, catalogue).await?;
        }
        let controls = Controls {
            visit,
            shown: &shown,
            fields: &self.fields,
            said: &self.said,
            given: &self.given,
            before: None,
            lookups: &lookups,
        };
        let controls = controls.all(op).await?;
        let show = Show {
            words: &shown.words,
            lookups: &lookups,
            side: Side::Desk,
        };
        let language = shown.words.language();
        let line = |field: &FieldDefinition| values.get(&field.field).map(|value| show.line(field, value));
        let kept = definition.fields.iter().filter_map(|field| {
            let value = line(field)?;
            Some(json!({ "key": field.words.in_language(language), "value": value }))
        });
        let listed: Vec<_> = definition
            .list
            .iter()
            .filter_map(|name| definition.field(name))
            .collect();
        let heads = listed
            .iter()
            .map(|field| json!({ "label": filters::label(&shown.words, field) }));
        let cells = listed.iter().map(|field| line(field).unwrap_or_default());
        let rows = self
            .values
            .as_ref()
            .map(|_| json!({ "cells": cells.collect::<Vec<_>>() }));
        Ok(json!({
            "controls": controls, "tried": self.values.as_ref().map(|_| kept.collect::<Vec<_>>()),
            "heads": heads.collect::<Vec<_>>(), "rows": rows.into_iter().collect::<Vec<_>>(),
        }))
    }
}

/// A register that is not there yet, as its pages would speak of it.
fn shown_as(visit: &Visit<House>, op: &Op, definition: &RecordDefinition) -> Shown {
    Shown {
        published: Published {
            definition: Arc::new(definition.clone()),
            app: OWN_APP.to_owned(),
            digest: definition.digest(),
            owner: AgencyId::new(),
            agencies: Default::default(),
            published_at: op.now(),
            made: false,
        },
        may: May::default(),
        side: Side::Desk,
        words: Words::new(visit, OWN_APP),
    }
}
