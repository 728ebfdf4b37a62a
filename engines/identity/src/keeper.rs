//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use db::PageRequest;
use kernel::{PersonId, Result};
use op::{Entry, Forgotten, Keeper, Kept, Op, Permit, Whom, audit};
use serde_json::{Value, json};

use crate::{Identity, store};

/// Looks at the person's data in one extract; the page of the account shows all of them.
const MOST_LOOKS: u32 = 200;

/// What is kept of a person and of those who were merged into them, part by part.
#[derive(Default)]
struct Told {
    person: Vec<Value>,
    positions: Vec<Value>,
    withheld: Vec<Value>,
    representations: Vec<Value>,
    registrations: Vec<Value>,
    account: Vec<Value>,
    sessions: Vec<Value>,
    acts: Vec<Value>,
    emergencies: Vec<Value>,
    questions: Vec<Value>,
    has_account: bool,
}

impl Told {
    async fn add(&mut self, identity: &Identity, op: &mut Op, whom: &Whom, limit: i64) -> Result<()> {
        let (person, vault) = (whom.person, &identity.vault);
        self.person.extend(store::kept::person(op.conn(), vault, person).await?);
        self.positions
            .extend(store::kept::positions(op.conn(), person, limit).await?);
        self.withheld
            .extend(store::kept::withheld(op.conn(), person, limit).await?);
        self.representations
            .extend(store::kept::representations(op.conn(), vault, person, limit).await?);
        self.registrations
            .extend(store::kept::registrations(op.conn(), vault, person, whom.account, limit).await?);
        let Some(account) = whom.account else { return Ok(()) };
        self.has_account = true;
        self.account
            .extend(store::kept::account(op.conn(), vault, account).await?);
        self.sessions
            .extend(store::kept::sessions(op.conn(), account, limit).await?);
        self.acts.extend(store::kept::acts(op.conn(), account, limit).await?);
        self.emergencies
            .extend(store::kept::emergencies(op.conn(), account, limit).await?);
        self.questions
            .extend(store::kept::questions(op.conn(), account, limit).await?);
        Ok(())
    }

    fn parts(self, most: i64) -> Vec<Kept> {
        let all = |items: &Vec<Value>| i64::try_from(items.len()).unwrap_or(i64::MAX);
        let (people, accounts) = (all(&self.person), all(&self.account));
        let mut parts = vec![
            Kept::of("person", self.person, people),
            Kept::of("positions", self.positions, most),
            Kept::of("withheld_roles", self.withheld, most),
            Kept::of("representations", self.representations, most),
            Kept::of("registrations", self.registrations, most),
        ];
        if self.has_account {
            parts.push(Kept::of("questions", self.questions, most));
            parts.push(Kept::of("account", self.account, accounts));
            parts.push(Kept::of("sessions", self.sessions, most));
            parts.push(Kept::of("account_acts", self.acts, most));
            parts.push(Kept::of("emergencies", self.emergencies, most));
        }
        parts
    }
}

#[async_trait]
impl Keeper for Identity {
    fn engine(&self) -> &'static str {
        "identity"
    }

    /// Of somebody who had two accounts what stays written under the one that was closed is told too.
    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let mut told = Told::default();
        let whole = self.whole(op, whom).await?;
        for one in &whole {
            told.add(self, op, one, most + 1).await?;
        }
        let people: Vec<PersonId> = whole.iter().map(|one| one.person).collect();
        let mut parts = told.parts(most);
        let looks = audit::about_all(op.conn(), &people, &PageRequest::new(None, Some(MOST_LOOKS))).await?;
        parts.push(Kept {
            part: "looks".to_owned(),
            more: looks.next.is_some(),
            items: looks.items.iter().map(|look| json!(look)).collect(),
        });
        Ok(parts)
    }

    /// Telephone, e-mail and known browsers go. The person, the offices held, the account and its
    /// sessions stay, and the answer names them: dossiers and the audit trail rest on them.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let now = op.now();
        let (mut contact, mut devices) = (0, 0);
        for one in self.whole(op, whom).await? {
            contact += store::kept::clear_contact(op.conn(), permit, &self.vault, one.person, now).await?;
            if let Some(account) = one.account {
                devices += store::kept::forget_devices(op.conn(), permit, account).await?;
            }
        }
        let mut parts = vec![
            Forgotten::gone("contact", contact),
            Forgotten::kept("person"),
            Forgotten::kept("positions"),
            Forgotten::kept("representations"),
            Forgotten::kept("registrations"),
            Forgotten::kept("looks"),
        ];
        if whom.account.is_some() {
            parts.push(Forgotten::gone("devices", devices));
            parts.push(Forgotten::kept("questions"));
            parts.push(Forgotten::kept("account"));
            parts.push(Forgotten::kept("sessions"));
        }
        let entry = Entry::new("identity.person_forgotten", format!("person:{}", whom.person));
        op.record(entry.about(Some(whom.person))).await?;
        Ok(parts)
    }
}
