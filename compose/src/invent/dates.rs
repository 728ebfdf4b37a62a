//! Days in a sensible order: what is recorded first comes first, what ends comes later, what is looked after was looked after of late.

use chrono::{Days, NaiveDate};

use super::draft::Draft;
use super::words::contains;
use crate::past::dice::Dice;

fn later(day: NaiveDate, days: i64) -> NaiveDate {
    let moved = match u64::try_from(days) {
        Ok(days) => day.checked_add_days(Days::new(days)),
        Err(_) => day.checked_sub_days(Days::new(days.unsigned_abs())),
    };
    moved.unwrap_or(day)
}

impl Draft<'_> {
    /// Whether a day may be still to come: the end of a validity, not something that happened.
    pub(super) fn may_lie_ahead(&self, at: usize) -> bool {
        let dates = &self.world().words.file.dates;
        let label = self.plan().plans[at].label.as_str();
        contains(&dates.until, label) || contains(&dates.deadlines, label)
    }

    /// A day for a field, within its limits.
    pub(super) fn day(
        &mut self,
        at: usize,
        min: Option<NaiveDate>,
        max: Option<NaiveDate>,
        past: bool,
        dice: &mut Dice,
    ) -> NaiveDate {
        let world = self.world();
        let label = self.plan().plans[at].label.as_str();
        let dates = &world.words.file.dates;
        let fresh = self.plan().definition.fresh.as_ref();
        let fresh = fresh.filter(|fresh| fresh.by.as_deref() == Some(self.name(at)));
        let day = if let Some(fresh) = fresh {
            let most = i64::from(fresh.days) * 9 / 10;
            // A few are overdue, as everywhere.
            let back = if dice.chance(94) {
                dice.between(1, most.max(2))
            } else {
                dice.between(most, most * 2 + 30)
            };
            later(world.today, -back)
        } else if contains(&dates.recent, label) {
            later(world.today, -dice.between(3, 280))
        } else if !past && contains(&dates.deadlines, label) {
            later(self.latest, dice.between(5, 45))
        } else if !past && contains(&dates.until, label) {
            later(self.latest, dice.between(60, 1_500))
        } else if contains(&dates.old, label) {
            later(self.start, -dice.between(200, 5_500))
        } else if contains(&dates.rare, label) {
            later(self.latest, dice.between(20, 700)).min(world.today)
        } else {
            let next = later(self.latest, dice.between(0, 40)).min(world.today);
            self.latest = next;
            next
        };
        let day = if past { day.min(world.today) } else { day };
        let day = min.map_or(day, |min| day.max(min));
        max.map_or(day, |max| day.min(max))
    }
}
