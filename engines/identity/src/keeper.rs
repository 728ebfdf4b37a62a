//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use db::PageRequest;
use kernel::Result;
use op::{Entry, Forgotten, Keeper, Kept, Op, Permit, Whom, audit};
use serde_json::json;

use crate::{Identity, store};

/// Looks at the person's data in one extract; the page of the account shows all of them.
const MOST_LOOKS: u32 = 200;

#[async_trait]
impl Keeper for Identity {
    fn engine(&self) -> &'static str {
        "identity"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let person = store::kept::person(op.conn(), &self.vault, whom.person).await?;
        let positions = store::kept::positions(op.conn(), whom.person, most + 1).await?;
        let withheld = store::kept::withheld(op.conn(), whom.person, most + 1).await?;
        let representations = store::kept::representations(op.conn(), &self.vault, whom.person, most + 1).await?;
        let registrations =
            store::kept::registrations(op.conn(), &self.vault, whom.person, whom.account, most + 1).await?;
        let mut parts = vec![
            Kept::of("person", person, 1),
            Kept::of("positions", positions, most),
            Kept::of("withheld_roles", withheld, most),
            Kept::of("representations", representations, most),
            Kept::of("registrations", registrations, most),
        ];
        if let Some(account) = whom.account {
            let row = store::kept::account(op.conn(), &self.vault, account).await?;
            let sessions = store::kept::sessions(op.conn(), account, most + 1).await?;
            let questions = store::kept::questions(op.conn(), account, most + 1).await?;
            parts.push(Kept::of("questions", questions, most));
            parts.push(Kept::of("account", row, 1));
            parts.push(Kept::of("sessions", sessions, most));
            let acts = store::kept::acts(op.conn(), account, most + 1).await?;
            let emergencies = store::kept::emergencies(op.conn(), account, most + 1).await?;
            parts.push(Kept::of("account_acts", acts, most));
            parts.push(Kept::of("emergencies", emergencies, most));
        }
        let looks = audit::about(op.conn(), whom.person, &PageRequest::new(None, Some(MOST_LOOKS))).await?;
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
        let contact = store::kept::clear_contact(op.conn(), permit, &self.vault, whom.person, now).await?;
        let mut parts = vec![
            Forgotten::gone("contact", contact),
            Forgotten::kept("person"),
            Forgotten::kept("positions"),
            Forgotten::kept("representations"),
            Forgotten::kept("registrations"),
            Forgotten::kept("looks"),
        ];
        if let Some(account) = whom.account {
            let devices = store::kept::forget_devices(op.conn(), permit, account).await?;
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
