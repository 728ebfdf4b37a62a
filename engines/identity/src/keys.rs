//! Changing the keys of the vault: what is sealed with an older key is sealed anew, in batches, while everything else goes on.

use kernel::{AccountId, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;
use vault::{Kept, KeyUse, PASSES, PAUSE, Resealed, Sealed, Wanted, key_of};

use crate::second_factor::{RECOVERY, TOTP, subject};
use crate::store::asked::{self, Table};
use crate::store::sealed::{self, Written};
use crate::{Identity, access, store};

/// Accounts that are locked at a time.
const BATCH: i64 = 200;

impl Identity {
    /// Under which keys secrets of this engine are kept, and how many.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        let secrets = store::keys::totp_heads(op.conn()).await?;
        let tags = store::keys::recovery_heads(op.conn()).await?;
        let uses = |heads: Vec<(Vec<u8>, i64)>, purpose, kept| {
            heads.into_iter().map(move |(head, count)| {
                Ok(KeyUse {
                    key: key_of(&head)?,
                    purpose,
                    kept,
                    count,
                })
            })
        };
        let secrets = uses(secrets, TOTP, Kept::Sealed).chain(uses(tags, RECOVERY, Kept::Tag));
        let mut all = secrets.collect::<Result<Vec<_>>>()?;
        all.extend(store::sealed::uses(op.conn()).await?);
        Ok(all)
    }

    /// Seals everything with the newest key that is under another one: a batch an operation, so that nobody waits for long, and so that it can
    /// be stopped at any moment and begun again. What cannot be unsealed stays as it is. For commands of the operator.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        self.reseal_by(ops, BATCH).await
    }

    /// [`Self::reseal`], so many accounts an operation.
    pub async fn reseal_by(&self, ops: &Ops, batch: i64) -> Result<Resealed> {
        let mut whole = Resealed::default();
        for _ in 0..PASSES {
            let mut pass = self.reseal_secrets(ops, batch).await?;
            let mut op = ops.open(kernel::Actor::System("keys")).await?;
            let uses = sealed::uses(op.conn()).await?;
            op.commit().await?;
            for wanted in self.vault.older(&uses, batch)? {
                pass += self.bring(ops, wanted).await?;
            }
            let mut op = ops.open(kernel::Actor::System("keys")).await?;
            let uses = self.keys_in_use(&mut op).await?;
            op.commit().await?;
            whole = whole.then(pass);
            whole.left = self.vault.passed_over(&uses, &pass)?;
            if !whole.left {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(whole)
    }

    async fn reseal_secrets(&self, ops: &Ops, batch: i64) -> Result<Resealed> {
        let mut whole = Resealed::default();
        let mut after = None;
        loop {
            let mut op = ops.open(kernel::Actor::System("keys")).await?;
            let (batch, last) = self.reseal_batch(&mut op, after, batch).await?;
            op.commit().await?;
            whole += batch;
            if last.is_none() {
                return Ok(whole);
            }
            after = last;
        }
    }

    /// Seals what an older program has left in plain of people and accounts, for one turn of a job; [`Resealed::left`] says whether there is more.
    pub async fn seal_plain(&self, ops: &Ops) -> Result<Resealed> {
        self.bring(ops, Wanted::plain(BATCH).for_a_turn()).await
    }

    /// The same, so many rows an operation and no operation begun after this time.
    pub async fn seal_plain_by(&self, ops: &Ops, batch: i64, time: std::time::Duration) -> Result<Resealed> {
        self.bring(ops, Wanted::plain(batch).within(time)).await
    }

    /// Brings details of people and names of accounts under the newest key, and what they are found by with them.
    async fn bring(&self, ops: &Ops, wanted: Wanted) -> Result<Resealed> {
        let mut whole = Resealed::default();
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let mut op = ops.open(kernel::Actor::System("keys")).await?;
            after = self.bring_people(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let mut op = ops.open(kernel::Actor::System("keys")).await?;
            after = self.bring_logins(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        for table in Table::ALL {
            let mut after = Some(Uuid::nil());
            while let Some(last) = after {
                let mut op = ops.open(kernel::Actor::System("keys")).await?;
                after = self.bring_asked(&mut op, table, wanted, last, &mut whole).await?;
                op.commit().await?;
            }
        }
        Ok(whole)
    }

    /// Registrations, why people act for others, papers seen at counters. Never in plain: only keys change.
    async fn bring_asked(
        &self,
        op: &mut Op,
        table: Table,
        wanted: Wanted,
        after: Uuid,
        whole: &mut Resealed,
    ) -> Result<Option<Uuid>> {
        let permit = op
            .allow("identity.reseal", "keys", access::change_keys(op.actor()))
            .await?;
        let rows = asked::lock(op.conn(), table, wanted, after).await?;
        let last = rows.last().map(|row| row.id);
        let mut batch = Resealed::default();
        let (mut ids, mut written) = (Vec::new(), Vec::new());
        for row in rows {
            if let Some(one) = taken(row.anew(&self.vault, table), row.id, &mut batch) {
                ids.push(row.id);
                written.push(one);
            }
        }
        asked::put(op.conn(), &permit, table, &ids, written).await?;
        record(op, table.purpose(), batch).await?;
        *whole += batch;
        Ok(last)
    }

    async fn bring_people(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: Uuid,
        whole: &mut Resealed,
    ) -> Result<Option<Uuid>> {
        let permit = op
            .allow("identity.reseal", "keys", access::change_keys(op.actor()))
            .await?;
        let rows = sealed::lock_people(op.conn(), wanted, after).await?;
        let last = rows.last().map(|row| row.id);
        let mut batch = Resealed::default();
        let (mut ids, mut written) = (Vec::new(), Vec::new());
        for row in rows {
            let id = row.id;
            let anew = row
                .open(&self.vault)
                .and_then(|details| Written::of(&self.vault, id, &details));
            if let Some(one) = taken(anew, id, &mut batch) {
                ids.push(id);
                written.push(one);
            }
        }
        if !sealed::put_people(op.conn(), &permit, &ids, &written).await? {
            // One of these has the number of somebody else: the others do not wait until a person has looked at both.
            for (id, one) in ids.iter().zip(written) {
                let written = sealed::put_people(op.conn(), &permit, &[*id], &[one]).await?;
                note(written, *id, &mut batch);
            }
        }
        record(op, sealed::PERSON, batch).await?;
        *whole += batch;
        Ok(last)
    }

    async fn bring_logins(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: Uuid,
        whole: &mut Resealed,
    ) -> Result<Option<Uuid>> {
        let permit = op
            .allow("identity.reseal", "keys", access::change_keys(op.actor()))
            .await?;
        let rows = sealed::lock_logins(op.conn(), wanted, after).await?;
        let last = rows.last().map(|row| row.id);
        let mut batch = Resealed::default();
        let (mut ids, mut written) = (Vec::new(), Vec::new());
        for row in rows {
            if let Some(one) = taken(row.anew(&self.vault), row.id, &mut batch) {
                ids.push(row.id);
                written.push(one);
            }
        }
        if !sealed::put_logins(op.conn(), &permit, &ids, &written).await? {
            for (id, one) in ids.iter().zip(written) {
                let written = sealed::put_logins(op.conn(), &permit, &[*id], &[one]).await?;
                note(written, *id, &mut batch);
            }
        }
        record(op, sealed::LOGIN, batch).await?;
        *whole += batch;
        Ok(last)
    }

    /// Seals the secrets of the next accounts anew; the last of these accounts, if there was one.
    async fn reseal_batch(
        &self,
        op: &mut Op,
        after: Option<AccountId>,
        batch: i64,
    ) -> Result<(Resealed, Option<AccountId>)> {
        let permit = op
            .allow("identity.reseal", "keys", access::change_keys(op.actor()))
            .await?;
        let mut resealed = Resealed::default();
        let newest = self.vault.numbers()?.pop().unwrap_or_default();
        let rows = store::keys::lock_totp_of_other_keys(op.conn(), newest, after, batch).await?;
        let last = rows.last().map(|row| AccountId::from(row.account));
        for row in rows {
            let account = AccountId::from(row.account);
            let mut anew = |sealed: Option<Vec<u8>>| {
                let sealed = sealed?;
                match self.vault.reseal(TOTP, &subject(account), &sealed) {
                    Ok(Some(anew)) => {
                        resealed.done += 1;
                        Some(anew)
                    }
                    Ok(None) => Some(sealed),
                    Err(error) => {
                        tracing::warn!(%account, %error, "the secret of an authenticator cannot be sealed anew");
                        resealed.unreadable += 1;
                        Some(sealed)
                    }
                }
            };
            let (secret, next) = (anew(row.secret), anew(row.next_secret));
            store::keys::put_totp(op.conn(), &permit, account, secret.as_deref(), next.as_deref()).await?;
        }
        if resealed.done > 0 {
            let facts = json!({ "purpose": TOTP, "count": resealed.done, "key": newest });
            op.record(Entry::new("identity.secrets_resealed", "keys").detail(facts))
                .await?;
        }
        Ok((resealed, last))
    }
}

/// What is to be written of a row; one that does not open is counted and left.
fn taken<T>(anew: Result<T>, row: Uuid, batch: &mut Resealed) -> Option<T> {
    match anew {
        Ok(one) => {
            batch.done += 1;
            Some(one)
        }
        Err(error) => {
            tracing::warn!(%row, %error, "what is known of somebody cannot be sealed anew");
            batch.unreadable += 1;
            None
        }
    }
}

/// Counts a row that was taken and could not be written beside another one.
fn note(written: bool, row: Uuid, batch: &mut Resealed) {
    if !written {
        tracing::error!(%row, "the same number or name stands in another row: a person has to look at both");
        batch.done -= 1;
        batch.conflicting += 1;
    }
}

async fn record(op: &mut Op, column: Sealed, batch: Resealed) -> Result<()> {
    if batch.done == 0 {
        return Ok(());
    }
    let facts = json!({ "purpose": column.0, "count": batch.done });
    op.record(Entry::new("identity.details_resealed", "keys").detail(facts))
        .await
}
