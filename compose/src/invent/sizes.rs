//! How many records a register gets: by what it is, and no more than its key has room for.

use registry::definition::{Kind, LinkTarget, OptionWords, Update};
use schema::field::{FieldKind, Options};

use super::blueprint::Blueprint;
use super::draft::World;
use super::pool::Pool;
use super::stock::Stock;
use super::words::Level;

/// The days on which things are counted.
const DAYS: f64 = 900.0;
/// Years that records go back.
const YEARS: f64 = 6.0;
/// More than this share of all possible keys is not looked for.
const SHARE: f64 = 0.6;
/// Room without end.
const ENDLESS: f64 = 1e12;

/// How many records one slice of a register has.
pub(super) fn of(plan: &Blueprint, world: &World, pool: &Pool, stock: &Stock) -> usize {
    let sizes = &world.words.file.sizes;
    let definition = &plan.definition;
    if world.words.file.everybody.contains(&definition.record) {
        return pool.people.len();
    }
    if world.words.file.households.contains(&definition.record) {
        return pool.households.len();
    }
    let known = plan.roles.first().is_some_and(|role| role.is_known);
    let usual = match definition.update {
        _ if plan.is_of_people && known => sizes.people,
        _ if definition.key.len() > 1 => sizes.part,
        Update::Operation => sizes.operation,
        _ => sizes.usual,
    };
    let wanted = sizes.named(&definition.record).unwrap_or(usual);
    let room: f64 = definition
        .key
        .iter()
        .filter_map(|key| plan.place(key))
        .map(|at| room(plan, world, stock, at))
        .product();
    match room >= ENDLESS {
        true => wanted,
        false => wanted.min((room * SHARE).ceil() as usize),
    }
}

/// How many values a field of a key can have.
fn room(plan: &Blueprint, world: &World, stock: &Stock, at: usize) -> f64 {
    let field = &plan.definition.fields[at];
    let made = |register: &str| stock.get(register).map_or(0, |slice| slice.kept.len()) as f64;
    let on = |options: &[OptionWords]| options.iter().filter(|option| option.holds_on(world.today)).count() as f64;
    match &field.kind {
        Kind::Link(LinkTarget::Register(register)) => made(register),
        Kind::Link(LinkTarget::Agency) => match plan.plans[at].agency {
            Some(Level::Commune) => world.land.wards.len() as f64,
            Some(Level::District) => world.words.file.districts.len() as f64,
            Some(Level::Any) => world.land.offices.len() as f64,
            _ => 30.0,
        },
        Kind::Plain(FieldKind::Area) => world.land.wards.len() as f64,
        Kind::Plain(FieldKind::Date { .. }) => DAYS,
        Kind::Plain(FieldKind::Choice {
            options: Options::Catalogue(catalogue),
        }) => match world.catalogues.get(catalogue) {
            Some(codes) => codes.len() as f64,
            None => made(catalogue),
        },
        Kind::Plain(FieldKind::Choice { .. }) => on(&field.options),
        Kind::Plain(FieldKind::Number { min, max, .. }) => match (min, max) {
            (Some(min), Some(max)) if max > &2000.into() && min >= &1700.into() => YEARS,
            (Some(min), Some(max)) => (max - min).try_into().unwrap_or(ENDLESS) + 1.0,
            _ => ENDLESS,
        },
        Kind::Plain(FieldKind::Text { pattern, .. }) => {
            let shaped = pattern
                .iter()
                .any(|own| world.words.file.shapes.contains_key(own.source()));
            let numbered = plan.plans[at].once || plan.plans[at].codes.is_some();
            match (shaped, numbered, pattern.first()) {
                (_, true, None) => ENDLESS,
                (true, false, _) => YEARS * 4.0,
                (false, _, Some(first)) => 10_f64.powi(first.open().0.min(12) as i32),
                (_, false, None) if !field.examples.is_empty() => field.examples.len() as f64,
                _ => ENDLESS,
            }
        }
        _ => ENDLESS,
    }
}
