//! What administrators decide: which position a group gives, and which accounts an application looks after. Closed until they do.

use kernel::{AccountId, PositionId, Result, local_date};
use op::{Entry, Op};
use serde_json::json;
use uuid::Uuid;

use crate::groups::MOST_HOLDERS;
use crate::schema::Resource;
use crate::search::subject;
use crate::{GroupView, Scim, access, error, store, users};

impl Scim {
    /// All groups of all applications.
    pub async fn groups(&self, op: &mut Op) -> Result<Vec<GroupView>> {
        op.allow(
            "scim.groups",
            "scim:groups",
            access::administer(op.rights(), "scim.groups"),
        )
        .await?;
        store::group::all(op.conn()).await
    }

    /// Number of the application that looks after an account; for whoever has been shown the account.
    pub async fn manager_of(&self, op: &mut Op, account: AccountId) -> Result<Option<String>> {
        let about = subject(Resource::User, account.uuid());
        op.allow("scim.manager_of", &about, access::manager_of(op.rights()))
            .await?;
        store::user::client_of(op.conn(), account).await
    }

    /// From now on the group gives this position, or none; whoever has one through it keeps or loses it at once. Fails with
    /// `scim.not_found`, `scim.position_of_administrator`, `scim.position_ended`, `scim.too_many_members`.
    pub async fn map_group(&self, op: &mut Op, group: Uuid, position: Option<PositionId>) -> Result<()> {
        let client = store::group::client_of(op.conn(), group)
            .await?
            .ok_or_else(error::not_found)?;
        store::one_at_a_time(op.conn(), &client).await?;
        let set = store::group::lock(op.conn(), Some(&client), group)
            .await?
            .ok_or_else(error::not_found)?;
        let office = match position {
            Some(position) => Some(self.identity.position(op, position).await?),
            None => None,
        };
        let roles = office.iter().flat_map(|office| &office.roles);
        let permit = op
            .allow(
                "scim.map_group",
                &subject(Resource::Group, group),
                access::map(op.rights(), roles),
            )
            .await?;
        let today = local_date(op.now());
        if office.is_some_and(|office| !office.validity.covers(today)) {
            return Err(error::position_ended());
        }
        if set.position == position {
            return Ok(());
        }
        let members = store::group::members(op.conn(), group).await?;
        if members.len() > MOST_HOLDERS {
            return Err(error::too_many_members(MOST_HOLDERS));
        }
        store::group::map(op.conn(), &permit, group, None).await?;
        for one in &members {
            self.take(op, &permit, (group, set.position), one).await?;
        }
        store::group::map(op.conn(), &permit, group, position).await?;
        for one in &members {
            let gives = self.give(op, position, one.person).await?;
            store::group::put_member(op.conn(), &permit, group, one.user, gives).await?;
        }
        let facts = json!({ "client": set.client, "position": position, "before": set.position });
        op.record(Entry::new("scim.group_mapped", subject(Resource::Group, group)).detail(facts))
            .await
    }

    /// What one application looks after, another one does from now on: accounts, groups and what these give. Returns how many accounts.
    /// Fails with `openid.client_not_found` where the new one is not registered.
    pub async fn move_all(&self, op: &mut Op, from: &str, to: &str) -> Result<u64> {
        let to = self.openid.client(op, to).await?;
        let permit = op
            .allow(
                "scim.move_all",
                &format!("client:{from}"),
                access::administer(op.rights(), "scim.move_all"),
            )
            .await?;
        store::one_at_a_time(op.conn(), from).await?;
        let moved = store::move_all(op.conn(), &permit, from, &to.id).await?;
        let facts = json!({ "to": to.id, "accounts": moved });
        op.record(Entry::new("scim.moved", format!("client:{from}")).detail(facts))
            .await?;
        Ok(moved)
    }

    /// An application looks after the account of an official from now on. Returns its number. Fails with `openid.client_not_found`,
    /// `scim.not_found`, `scim.no_official`, `scim.administrator`, `scim.already_managed`.
    pub async fn hand_over(&self, op: &mut Op, client: &str, login: &str) -> Result<Uuid> {
        let client = self.openid.client(op, client).await?;
        let found = self.identity.account_by_login(op, login).await?;
        let account = found.ok_or_else(error::not_found)?;
        let today = local_date(op.now());
        let held = self.identity.positions_from(op, account.person, today).await?;
        let roles = held.iter().flat_map(|position| &position.roles);
        let decision = match access::is_privileged(op.rights(), roles) {
            true => op::Decision::Deny(error::administrator()),
            false => access::administer(op.rights(), "scim.hand_over"),
        };
        let about = subject(Resource::User, account.id.uuid());
        let permit = op.allow("scim.hand_over", &about, decision).await?;
        if held.is_empty() || account.state == identity::AccountState::Closed {
            return Err(error::no_official());
        }
        store::one_at_a_time(op.conn(), &client.id).await?;
        if store::user::is_known(op.conn(), account.id).await? {
            return Err(error::already_managed());
        }
        let person = self.identity.person(op, account.person, "SCIM").await?;
        let document = users::of_identity(&account, &person)?;
        let (whose, now) = ((account.id, account.person), op.now());
        store::user::insert(op.conn(), &permit, &client.id, whose, &document, now).await?;
        store::user::mark_handed_over(op.conn(), &permit, account.id).await?;
        if account.state == identity::AccountState::Suspended {
            store::user::note_state(op.conn(), account.id.uuid(), &document, true, now).await?;
        }
        let entry = Entry::new("scim.handed_over", about).about(Some(account.person));
        op.record(entry.detail(json!({ "client": client.id }))).await?;
        Ok(account.id.uuid())
    }
}
