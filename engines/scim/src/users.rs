//! Accounts of officials: opened, changed, suspended, closed.

use chrono::Days;
use identity::{AccountState, NewAccount, NewPerson, PersonChange};
use kernel::{AccountId, PersonId, PersonalNumber, PhoneNumber, Result, local_date};
use op::{Decision, Entry, Op, Permit};
use serde_json::json;
use uuid::Uuid;

use crate::answer::Kept;
use crate::document::{self, Document, changed, first_choice, full_name, text_of};
use crate::schema::Resource;
use crate::search::subject;
use crate::{Caller, Change, Expected, Scim, access, error, store};

/// An account that an application looks after.
#[derive(Clone, Debug)]
pub(crate) struct Managed {
    pub(crate) account: AccountId,
    pub(crate) person: PersonId,
    /// An administrator has suspended it.
    pub(crate) held_back: bool,
    /// It was there before the application looked after it.
    pub(crate) handed_over: bool,
    pub(crate) kept: Kept,
}

/// Nobody says that it works: it does not.
fn works(document: &Document) -> bool {
    document.get("active").is_some_and(|value| value == true)
}

fn login(document: &Document) -> Result<&str> {
    text_of(document, "userName").ok_or_else(|| error::value("userName"))
}

/// Personal numbers and telephones are logins of their owners: nobody takes them beforehand. Fails with `scim.value`.
fn free_for_officials(login: &str) -> Result<()> {
    let somebodys = PersonalNumber::parse(login).is_ok() || PhoneNumber::parse(login).is_ok();
    if somebodys {
        Err(error::value("userName"))
    } else {
        Ok(())
    }
}

/// The telephone of the person, where it is one of this country.
fn phone(document: &Document) -> Option<PhoneNumber> {
    let said = first_choice(document, "phoneNumbers")?;
    PhoneNumber::parse(said.strip_prefix("tel:").unwrap_or(said)).ok()
}

fn email(document: &Document) -> Option<String> {
    first_choice(document, "emails").map(str::to_owned)
}

impl Scim {
    /// Opens an account for somebody who is not known yet. Nobody who is known gets another account by this, and no account that is there comes into
    /// other hands: fails with `identity.login_taken`, and with `scim.value` and the faults of `identity` about names and addresses.
    pub(crate) async fn create_user(&self, op: &mut Op, caller: &Caller, mut document: Document) -> Result<Kept> {
        let permit = op
            .allow("scim.create_user", "account:new", access::provision(op.actor()))
            .await?;
        store::one_at_a_time(op.conn(), &caller.id).await?;
        let login = login(&document)?.to_owned();
        free_for_officials(&login)?;
        document.entry("active").or_insert(json!(true));
        let new = NewPerson {
            phone: phone(&document),
            email: email(&document),
            ..NewPerson::named(full_name(&document).unwrap_or_else(|| login.clone()))
        };
        let person = self.identity.register_person(op, &new).await?;
        let new = NewAccount {
            person,
            login,
            password: None,
        };
        let account = self.identity.create_account(op, &new).await?;
        let now = op.now();
        store::user::insert(op.conn(), &permit, &caller.id, (account, person), &document, now).await?;
        if !works(&document) {
            let state = AccountState::Suspended;
            self.identity.set_account_state(op, account, state).await?;
        }
        let entry = Entry::new("scim.user_created", subject(Resource::User, account.uuid())).purpose(caller.purpose());
        op.record(entry.about(Some(person)).detail(json!({ "client": caller.id })))
            .await?;
        self.kept(op, caller, Resource::User, account.uuid()).await
    }

    /// Changes an account. Fails with `scim.not_found`, `scim.version`, `scim.administrator`, `scim.no_official` (whoever had the
    /// account before holds no position any more), `scim.held_back`, and as opening does.
    pub(crate) async fn change_user(
        &self,
        op: &mut Op,
        caller: &Caller,
        id: Uuid,
        expected: &Expected,
        change: Change,
    ) -> Result<Kept> {
        let (before, permit) = self.allowed_user(op, caller, id, expected).await?;
        let whole = matches!(change, Change::Whole(_));
        let mut after = change.of(Resource::User, &before.kept.document)?;
        if whole {
            after.entry("active").or_insert(json!(true));
        }
        let names = changed(&before.kept.document, &after);
        if names.is_empty() {
            // Nothing changes, and the application is shown the account all the same.
            return self.read(op, caller, Resource::User, id).await;
        }
        self.carry_over(op, caller, &before, &after).await?;
        let now = op.now();
        store::user::update(op.conn(), &permit, id, &after, now).await?;
        let entry = Entry::new("scim.user_changed", subject(Resource::User, id)).purpose(caller.purpose());
        let facts = json!({ "client": caller.id, "changed": names });
        op.record(entry.about(Some(before.person)).detail(facts)).await?;
        self.kept(op, caller, Resource::User, id).await
    }

    /// Ends what the owner holds, with yesterday. An account that the application has opened is closed for good, and its sessions end; one that
    /// was handed over was its owner's before, and stays. What was stays in `identity`.
    pub(crate) async fn close_user(&self, op: &mut Op, caller: &Caller, id: Uuid, expected: &Expected) -> Result<()> {
        let (before, _) = self.allowed_user(op, caller, id, expected).await?;
        let today = local_date(op.now());
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let held = self.identity.positions_from(op, before.person, today).await?;
        for position in held {
            self.identity
                .end_holding(op, before.person, position.id, yesterday)
                .await?;
        }
        if !before.handed_over {
            let state = AccountState::Closed;
            self.identity.set_account_state(op, before.account, state).await?;
        }
        let now = op.now();
        store::user::close(op.conn(), id, now).await?;
        let entry = Entry::new("scim.user_closed", subject(Resource::User, id)).purpose(caller.purpose());
        op.record(entry.about(Some(before.person)).detail(json!({ "client": caller.id })))
            .await
    }

    /// The account if the application may change it now.
    async fn allowed_user(
        &self,
        op: &mut Op,
        caller: &Caller,
        id: Uuid,
        expected: &Expected,
    ) -> Result<(Managed, Permit)> {
        store::one_at_a_time(op.conn(), &caller.id).await?;
        let before = store::user::lock(op.conn(), &caller.id, id)
            .await?
            .ok_or_else(error::not_found)?;
        let today = local_date(op.now());
        let held = self.identity.positions_from(op, before.person, today).await?;
        let roles = held.iter().flat_map(|position| &position.roles);
        let decision = match before.handed_over && held.is_empty() {
            // It is an account of a citizen again, who has had it before.
            true => Decision::Deny(error::no_official()),
            false => access::change_account(op.rights(), roles),
        };
        let permit = op
            .allow("scim.change_user", &subject(Resource::User, id), decision)
            .await?;
        expected.check(&before.kept.version())?;
        Ok((before, permit))
    }

    /// What of the account is kept by `identity` becomes there what the application says.
    async fn carry_over(&self, op: &mut Op, caller: &Caller, before: &Managed, after: &Document) -> Result<()> {
        let was = &before.kept.document;
        if login(was)? != login(after)? {
            free_for_officials(login(after)?)?;
            self.identity.rename_account(op, before.account, login(after)?).await?;
        }
        let change = PersonChange {
            // Where the application says no name any more, the person keeps the one they have.
            full_name: full_name(after).filter(|name| full_name(was).as_ref() != Some(name)),
            phone: (phone(was) != phone(after)).then(|| phone(after)),
            email: (email(was) != email(after)).then(|| email(after)),
        };
        self.identity
            .change_person(op, before.person, &change, &caller.purpose())
            .await?;
        if works(was) != works(after) {
            let state = match works(after) {
                true if before.held_back => return Err(error::held_back()),
                true => AccountState::Active,
                false => AccountState::Suspended,
            };
            self.identity.set_account_state(op, before.account, state).await?;
        }
        Ok(())
    }

    /// A resource as it is now.
    pub(crate) async fn kept(&self, op: &mut Op, caller: &Caller, resource: Resource, id: Uuid) -> Result<Kept> {
        store::query::one(op.conn(), &caller.id, resource, id)
            .await?
            .ok_or_else(error::not_found)
    }
}

/// What is known of an account that an administrator hands over.
pub(crate) fn of_identity(account: &identity::Account, person: &identity::Person) -> Result<Document> {
    let mut said = json!({
        "userName": account.login, "name": { "formatted": person.full_name }, "active": account.state == AccountState::Active,
    });
    if let Some(email) = &person.email {
        said["emails"] = json!([{ "value": email, "primary": true }]);
    }
    if let Some(phone) = &person.phone {
        said["phoneNumbers"] = json!([{ "value": phone.to_string(), "primary": true }]);
    }
    let said = said.as_object().cloned().unwrap_or_default();
    document::settle(Resource::User, &said)
}
