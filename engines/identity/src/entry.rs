//! Starting an account with a code that an administrator has given: its owner sets the password, and nobody else learns it.

use kernel::{AccountId, Actor, Result, local_date};
use op::{Decision, Entry, Event, Ops};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::model::{AccountState, Audience};
use crate::password::PasswordContext;
use crate::sign_in::Source;
use crate::{Identity, error, login, password, recovery, store};

/// A code, and the password that is to be.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// Login name.
    pub login: &'a str,
    /// The code, in any spelling.
    pub code: &'a str,
    /// The new password.
    pub password: &'a str,
    /// Where it comes from, for the limits on guessing.
    pub source: Source<'a>,
}

impl Identity {
    /// Sets the password of an account by an entry code. All that was open ends; a second factor stays and is asked for at the sign-in that
    /// follows. Opens its own operations. Guesses count as those of a sign-in; unknown logins and wrong codes get the same answer.
    ///
    /// Fails with `identity.required`, `identity.entry_code_wrong` (at the field `code`), `identity.password_unfit`,
    /// `identity.too_many_attempts`, `identity.account_suspended`.
    pub async fn start_with_code(&self, ops: &Ops, start: Start<'_>) -> Result<AccountId> {
        for (field, typed) in [
            ("login", start.login),
            ("code", start.code),
            ("password", start.password),
        ] {
            if typed.trim().is_empty() {
                return Err(error::required(field));
            }
        }
        let folded = login::fold(start.login);
        let found = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            store::account::credential(&mut connection, &self.vault, &folded).await?
        };
        let account = found.as_ref().map(|row| AccountId::from(row.id));
        let place = self
            .take_place(ops, &guesses_at(&folded), account, start.source)
            .await?;
        let (now, today) = (ops.now(), local_date(ops.now()));
        let (holds, held) = match (account, &found, recovery::long_digest(start.code)) {
            (Some(account), Some(row), Some(digest)) => {
                let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
                let holds = store::desk::code_holds(&mut connection, account, &digest, now).await?;
                let held = store::office::held(&mut connection, row.person.into(), today).await?;
                (holds.then_some((account, row, digest)), held)
            }
            _ => (None, Vec::new()),
        };
        let Some((account, row, digest)) = holds else {
            self.refused(ops, account, "entry_code", &place, start.source).await?;
            return Err(error::entry_code_wrong());
        };
        let context = PasswordContext {
            audience: if held.is_empty() {
                Audience::Citizen
            } else {
                Audience::Official
            },
            login: start.login,
            full_name: &row.full_name,
        };
        password::check(start.password, &context).map_err(error::password_unfit)?;
        let hash = self.hasher.hash(start.password).await?;

        let mut op = ops.open(Actor::Anonymous).await?;
        let subject = format!("account:{account}");
        // The code is the right: whoever gave it was asked.
        let permit = op.allow("identity.use_entry_code", &subject, Decision::Follows).await?;
        match store::account::lock_state(op.conn(), account).await? {
            Some(AccountState::Active) => {}
            _ => return Err(error::account_suspended()),
        }
        if !store::desk::take_code(op.conn(), &permit, account, &digest, now).await? {
            return Err(error::entry_code_wrong());
        }
        store::attempt::mark_right(op.conn(), place.attempt).await?;
        store::account::set_password(op.conn(), &permit, account, &hash, now).await?;
        self.start_anew(&mut op, &permit, account, None, "password_changed")
            .await?;
        store::desk::line(op.conn(), &permit, (account, "entry_code_used", ""), Some(account), now).await?;
        op.emit(Event::new(
            "identity.password_changed",
            &subject,
            json!({ "account": account }),
        ));
        op.record(Entry::new("identity.entry_code_used", subject)).await?;
        op.commit().await?;
        Ok(account)
    }
}

/// What guesses at the entry code of a login have in common, whether there is such an account or not.
fn guesses_at(folded: &str) -> Vec<u8> {
    Sha256::new()
        .chain_update(b"entry\0")
        .chain_update(folded.as_bytes())
        .finalize()
        .to_vec()
}
