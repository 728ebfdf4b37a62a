//! Groups: sets of accounts with a name. One that an administrator has mapped gives its members a position and takes it back.

use std::collections::BTreeSet;

use chrono::Days;
use identity::Validity;
use kernel::{PersonId, PositionId, Result, local_date};
use op::{Entry, Op, Permit};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::{Kept, members};
use crate::document::{Document, changed};
use crate::events::ENGINE;
use crate::schema::Resource;
use crate::search::subject;
use crate::{Caller, Change, Expected, Scim, access, error, store};

/// Most members of a group that gives a position: each coming and going is told within one operation.
pub(crate) const MOST_HOLDERS: usize = 400;

/// A group.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) client: String,
    /// What its members get.
    pub(crate) position: Option<PositionId>,
    pub(crate) kept: Kept,
}

/// Somebody in a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    pub(crate) user: Uuid,
    pub(crate) person: PersonId,
    /// The position is held because of it.
    pub(crate) gives: bool,
}

/// A group as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupView {
    /// Its number.
    pub id: Uuid,
    /// The application that looks after it.
    pub client: String,
    /// Its name.
    pub name: String,
    /// How many belong to it.
    pub members: i64,
    /// The position that it gives.
    pub position: Option<PositionId>,
}

impl Scim {
    /// Makes a group. It gives nothing. Fails with `scim.member`.
    pub(crate) async fn create_group(&self, op: &mut Op, caller: &Caller, mut document: Document) -> Result<Kept> {
        let permit = op
            .allow("scim.create_group", "scim_group:new", access::provision(op.actor()))
            .await?;
        store::one_at_a_time(op.conn(), &caller.id).await?;
        let wanted = members_of(&mut document)?;
        let id = Uuid::now_v7();
        let now = op.now();
        store::group::insert(op.conn(), &permit, &caller.id, id, &document, now).await?;
        self.set_members(op, &permit, caller, (id, None), &wanted).await?;
        op.record(
            Entry::new("scim.group_created", subject(Resource::Group, id)).detail(json!({ "client": caller.id })),
        )
        .await?;
        self.kept(op, caller, Resource::Group, id).await
    }

    /// Changes a group and who belongs to it. Fails with `scim.not_found`, `scim.version`, `scim.member`.
    pub(crate) async fn change_group(
        &self,
        op: &mut Op,
        caller: &Caller,
        id: Uuid,
        expected: &Expected,
        change: Change,
    ) -> Result<Kept> {
        let (set, permit) = self.allowed_group(op, caller, id, expected).await?;
        let mut before = set.kept.document.clone();
        let was = store::group::members(op.conn(), id).await?;
        if !was.is_empty() {
            let shown = members(&self.base(), was.iter().map(|one| one.user));
            before.insert("members".into(), shown);
        }
        let mut after = change.of(Resource::Group, &before)?;
        before.remove("members");
        let wanted = members_of(&mut after)?;
        let mut names = changed(&before, &after);
        let moved = self
            .set_members(op, &permit, caller, (id, set.position), &wanted)
            .await?;
        let renamed = names.iter().any(|name| name == "displayName");
        let now = op.now();
        if renamed {
            // Those who stay see the new name among their groups.
            let stayed: Vec<Uuid> = was
                .iter()
                .map(|one| one.user)
                .filter(|user| wanted.contains(user))
                .collect();
            store::user::touch(op.conn(), &permit, &stayed, now).await?;
        }
        if moved {
            names.push("members".to_owned());
        }
        if !names.is_empty() {
            store::group::update(op.conn(), &permit, id, &after, now).await?;
            let facts = json!({ "client": caller.id, "changed": names });
            op.record(Entry::new("scim.group_changed", subject(Resource::Group, id)).detail(facts))
                .await?;
        }
        self.kept(op, caller, Resource::Group, id).await
    }

    /// Ends a group: whoever has a position through it loses it.
    pub(crate) async fn close_group(&self, op: &mut Op, caller: &Caller, id: Uuid, expected: &Expected) -> Result<()> {
        let (set, permit) = self.allowed_group(op, caller, id, expected).await?;
        self.set_members(op, &permit, caller, (id, set.position), &BTreeSet::new())
            .await?;
        let now = op.now();
        store::group::close(op.conn(), &permit, id, now).await?;
        op.record(Entry::new("scim.group_closed", subject(Resource::Group, id)).detail(json!({ "client": caller.id })))
            .await
    }

    async fn allowed_group(
        &self,
        op: &mut Op,
        caller: &Caller,
        id: Uuid,
        expected: &Expected,
    ) -> Result<(Set, Permit)> {
        store::one_at_a_time(op.conn(), &caller.id).await?;
        let set = store::group::lock(op.conn(), Some(&caller.id), id)
            .await?
            .ok_or_else(error::not_found)?;
        let permit = op
            .allow(
                "scim.change_group",
                &subject(Resource::Group, id),
                access::provision(op.actor()),
            )
            .await?;
        expected.check(&set.kept.version())?;
        Ok((set, permit))
    }

    /// These belong to the group and nobody else. Whether anybody came or went. Fails with `scim.member` where one is no account of the application.
    async fn set_members(
        &self,
        op: &mut Op,
        permit: &Permit,
        caller: &Caller,
        (group, position): (Uuid, Option<PositionId>),
        wanted: &BTreeSet<Uuid>,
    ) -> Result<bool> {
        if position.is_some() && wanted.len() > MOST_HOLDERS {
            return Err(error::value("members"));
        }
        let was = store::group::members(op.conn(), group).await?;
        let known: BTreeSet<Uuid> = was.iter().map(|one| one.user).collect();
        let new: Vec<Uuid> = wanted.difference(&known).copied().collect();
        let coming = store::user::people(op.conn(), &caller.id, &new).await?;
        if coming.len() != new.len() {
            return Err(error::member());
        }
        let going: Vec<&Membership> = was.iter().filter(|one| !wanted.contains(&one.user)).collect();
        let mut moved: Vec<Uuid> = new;
        for one in going {
            self.take(op, permit, (group, position), one).await?;
            store::group::remove_member(op.conn(), permit, group, one.user).await?;
            self.note_membership(op, caller, group, one.person, "scim.member_removed")
                .await?;
            moved.push(one.user);
        }
        for (user, person) in coming {
            let gives = self.give(op, position, person).await?;
            store::group::put_member(op.conn(), permit, group, user, gives).await?;
            self.note_membership(op, caller, group, person, "scim.member_added")
                .await?;
        }
        if moved.is_empty() {
            return Ok(false);
        }
        let now = op.now();
        store::user::touch(op.conn(), permit, &moved, now).await?;
        Ok(true)
    }

    async fn note_membership(
        &self,
        op: &mut Op,
        caller: &Caller,
        group: Uuid,
        person: PersonId,
        action: &'static str,
    ) -> Result<()> {
        let entry = Entry::new(action, subject(Resource::Group, group)).purpose(caller.purpose());
        let facts = json!({ "client": caller.id, "person": person });
        op.record(entry.about(Some(person)).detail(facts)).await
    }

    /// Gives the position of a group, from today on; whether it is held because of this. Who has it anyway keeps it as they have it; one that
    /// has ended, or that has become privileged, is not given.
    pub(crate) async fn give(&self, op: &mut Op, position: Option<PositionId>, person: PersonId) -> Result<bool> {
        let Some(position) = position else { return Ok(false) };
        let today = local_date(op.now());
        let office = self.identity.position(op, position).await?;
        let held = self.identity.positions_from(op, person, today).await?;
        if !office.validity.covers(today)
            || access::is_privileged(op.rights(), &office.roles)
            || held.iter().any(|one| one.id == position)
        {
            return Ok(false);
        }
        self.identity
            .hold_position(op, person, position, Validity::since(today))
            .await?;
        Ok(true)
    }

    /// Takes back what a membership gave, unless another group gives the same. What has become privileged meanwhile is taken by an
    /// administrator, not by an application: `scim.administrator`.
    pub(crate) async fn take(
        &self,
        op: &mut Op,
        permit: &Permit,
        (group, position): (Uuid, Option<PositionId>),
        one: &Membership,
    ) -> Result<()> {
        let Some(position) = position.filter(|_| one.gives) else {
            return Ok(());
        };
        if let Some(other) = store::group::beside(op.conn(), one.user, group, position).await? {
            return store::group::put_member(op.conn(), permit, other, one.user, true).await;
        }
        let office = self.identity.position(op, position).await?;
        if *op.actor() == ENGINE && access::is_privileged(op.rights(), &office.roles) {
            return Err(error::administrator());
        }
        let today = local_date(op.now());
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        match self.identity.end_holding(op, one.person, position, yesterday).await {
            // Somebody else has ended it already.
            Err(fault) if fault.code == "identity.holding_not_found" => Ok(()),
            other => other,
        }
    }
}

/// Takes the members out of what the application says. Fails with `scim.member` where one has no number.
fn members_of(document: &mut Document) -> Result<BTreeSet<Uuid>> {
    let Some(Value::Array(items)) = document.remove("members") else {
        return Ok(BTreeSet::new());
    };
    let number = |item: &Value| {
        let last = |address: &str| address.rsplit('/').next().map(str::to_owned);
        let text = item["value"].as_str().map(str::to_owned);
        let text = text.or_else(|| item["$ref"].as_str().and_then(last));
        let sort = item["type"].as_str().unwrap_or("User");
        let number = text.and_then(|text| Uuid::try_parse(&text).ok());
        number
            .filter(|_| sort.eq_ignore_ascii_case("User"))
            .ok_or_else(error::member)
    };
    items.iter().map(number).collect()
}
