use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, PersonId, Result};
use op::{Permit, Union, United};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use vault::{Sealed, Vault};

use super::person::details_of;
use super::sealed::{self, Details, NUMBER, PASSPORT};
use crate::error;
use crate::model::{AccountState, MergeRow, MergeState};

/// What is said of a merge.
pub(crate) const MERGE: Sealed = Sealed("identity.merge");

/// What is sealed of it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Said {
    /// Which paper the one who proposes has seen.
    pub(crate) paper: String,
    /// Why name or birth date differ.
    pub(crate) why: String,
    /// Why it was refused.
    pub(crate) reason: String,
}

/// Passports of one number are of different countries: so many there are not.
const MOST_OF_A_NUMBER: i64 = 300;
/// Most proposals that are shown to an owner at once, and most objections of earlier ones.
const MOST_SHOWN: i64 = 50;

pub(crate) fn row_name(id: Uuid) -> String {
    format!("merge:{id}")
}

/// One of the two, as whoever decides sees them.
#[derive(Clone, Debug)]
pub(crate) struct SideRow {
    pub(crate) person: PersonId,
    pub(crate) account: Option<AccountId>,
    pub(crate) name: String,
    pub(crate) name_folded: String,
    pub(crate) is_human: bool,
    pub(crate) merged_into: Option<PersonId>,
    pub(crate) state: Option<AccountState>,
    pub(crate) login: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) passport: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) birth_date: Option<NaiveDate>,
    pub(crate) nationality: String,
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) last_sign_in_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct RawSide {
    person: Uuid,
    account: Option<Uuid>,
    full_name: String,
    name_folded: String,
    kind: String,
    merged_into: Option<Uuid>,
    nationality: String,
    state: Option<String>,
    login: Option<String>,
    sealed: Option<Vec<u8>>,
    created_at: Option<DateTime<Utc>>,
    last_sign_in_at: Option<DateTime<Utc>>,
}

/// A person with their account, if they have one.
pub(crate) async fn side(connection: &mut PgConnection, vault: &Vault, person: PersonId) -> Result<Option<SideRow>> {
    let row: Option<RawSide> = sqlx::query_as(
        "SELECT person.id AS person,
                account.id AS account,
                person.full_name,
                person.name_folded,
                person.kind,
                person.merged_into,
                person.nationality,
                account.state,
                account.login,
                account.sealed,
                account.created_at,
                account.last_sign_in_at
         FROM identity.person AS person
         LEFT JOIN identity.account AS account ON account.person = person.id
         WHERE person.id = $1",
    )
    .bind(person.uuid())
    .fetch_optional(&mut *connection)
    .await
    .map_err(db::fault)?;
    let Some(row) = row else { return Ok(None) };
    let details = details_of(connection, vault, person).await?.unwrap_or_default();
    let login = match row.account {
        Some(account) => Some(sealed::login(vault, account, row.login, row.sealed.as_deref())?),
        None => None,
    };
    let state = row.state.as_deref().map(|word| {
        let known = AccountState::parse(word);
        known.ok_or_else(|| super::unknown_word("account.state"))
    });
    Ok(Some(SideRow {
        person: row.person.into(),
        account: row.account.map(AccountId::from),
        name: row.full_name,
        name_folded: row.name_folded,
        is_human: row.kind == "human",
        merged_into: row.merged_into.map(PersonId::from),
        state: state.transpose()?,
        login,
        number: details.personal_number,
        passport: details.passport,
        email: details.email,
        birth_date: details.birth_date,
        nationality: row.nationality,
        created_at: row.created_at,
        last_sign_in_at: row.last_sign_in_at,
    }))
}

/// Both accounts and both people, locked to the end of the operation, in one order. Whoever signs in, or hands something in, waits.
pub(crate) async fn lock_two(connection: &mut PgConnection, people: [PersonId; 2]) -> Result<()> {
    let ids = people.map(PersonId::uuid);
    for statement in [
        "SELECT FROM identity.account WHERE person = ANY ($1) ORDER BY id FOR UPDATE",
        "SELECT FROM identity.person WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
    ] {
        sqlx::query(statement)
            .bind(&ids[..])
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    Ok(())
}

/// Whoever hands something in for themself holds their own row meanwhile, and learns whether they are still one of their own.
pub(crate) async fn stands(connection: &mut PgConnection, person: PersonId) -> Result<bool> {
    let merged: Option<bool> =
        sqlx::query_scalar("SELECT merged_into IS NOT NULL FROM identity.person WHERE id = $1 FOR SHARE")
            .bind(person.uuid())
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(merged == Some(false))
}

/// The one who remains of a person: themself, or whom they were merged into.
pub(crate) async fn remaining(connection: &mut PgConnection, person: PersonId) -> Result<PersonId> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT coalesce(merged_into, id) FROM identity.person WHERE id = $1")
        .bind(person.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(id.map_or(person, PersonId::from))
}

/// The same of many, by who is asked for.
pub(crate) async fn all_remaining(connection: &mut PgConnection, people: &[Uuid]) -> Result<BTreeMap<Uuid, Uuid>> {
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT id, coalesce(merged_into, id) FROM identity.person WHERE id = ANY ($1)")
            .bind(people)
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    Ok(rows.into_iter().collect())
}

/// The same, held as they are to the end of the operation; `None`: there is no such person.
pub(crate) async fn hold_remaining(connection: &mut PgConnection, person: PersonId) -> Result<Option<PersonId>> {
    let id: Option<Uuid> =
        sqlx::query_scalar("SELECT coalesce(merged_into, id) FROM identity.person WHERE id = $1 FOR SHARE")
            .bind(person.uuid())
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(id.map(PersonId::from))
}

/// Whom a number or passport means, as it was typed: the ones who remain. What was found by its hash is opened and compared: a hash that lies beside
/// another number leads to nobody.
pub(crate) async fn by_paper(connection: &mut PgConnection, vault: &Vault, number: &str) -> Result<Vec<PersonId>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT id, coalesce(merged_into, id)
         FROM identity.person
         WHERE (personal_number = $1 OR number_tag = ANY ($2) OR passport_tag = ANY ($3)) AND kind = 'human'
         ORDER BY id
         LIMIT $4",
    )
    .bind(number)
    .bind(NUMBER.tags(vault, number)?)
    .bind(PASSPORT.tags(vault, number)?)
    .bind(MOST_OF_A_NUMBER)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    let mut found: Vec<PersonId> = Vec::new();
    for (person, remains) in rows {
        let known = details_of(&mut *connection, vault, person.into()).await?;
        let remains = PersonId::from(remains);
        if is_of(known.as_ref(), number) && !found.contains(&remains) {
            found.push(remains);
        }
    }
    Ok(found)
}

/// Whether a number or passport is a person's, or was that of somebody who was merged into them.
pub(crate) async fn has_number(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    number: &str,
) -> Result<bool> {
    let former = former(&mut *connection, person).await?;
    for one in std::iter::once(person).chain(former.into_iter().map(|(former, _)| former)) {
        if is_of(details_of(&mut *connection, vault, one).await?.as_ref(), number) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_of(known: Option<&Details>, number: &str) -> bool {
    let bare = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_uppercase()
    };
    let wanted = bare(number);
    let known = known.map_or([None, None], |known| {
        [known.personal_number.as_deref(), known.passport.as_deref()]
    });
    !wanted.is_empty() && known.into_iter().flatten().any(|known| bare(known) == wanted)
}

/// Those who were merged into a person, with the accounts that they had: what stays written under them is the person's.
pub(crate) async fn former(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<Vec<(PersonId, Option<AccountId>)>> {
    let rows: Vec<(Uuid, Option<Uuid>)> = sqlx::query_as(
        "SELECT person.id, account.id
         FROM identity.person AS person
         LEFT JOIN identity.account AS account ON account.person = person.id
         WHERE person.merged_into = $1
         ORDER BY person.id",
    )
    .bind(person.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let pair = |(person, account): (Uuid, Option<Uuid>)| (person.into(), account.map(AccountId::from));
    Ok(rows.into_iter().map(pair).collect())
}

/// Person, account, and its name in plain or sealed.
type NamedAccount = (Uuid, Uuid, Option<String>, Option<Vec<u8>>);

/// The name by which the account signs in that remains of a closed one; whom an old number leads to.
pub(crate) async fn joined_login(
    connection: &mut PgConnection,
    vault: &Vault,
    person: Uuid,
) -> Result<Option<(PersonId, String)>> {
    let row: Option<NamedAccount> = sqlx::query_as(
        "SELECT account.person, account.id, account.login, account.sealed
         FROM identity.person AS person
         JOIN identity.account AS account ON account.person = person.merged_into
         WHERE person.id = $1",
    )
    .bind(person)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|(person, account, plain, sealed)| {
        let login = sealed::login(vault, account, plain, sealed.as_deref())?;
        Ok((person.into(), login))
    })
    .transpose()
}

/// A merge that is proposed.
pub(crate) struct NewMerge<'a> {
    pub(crate) id: Uuid,
    pub(crate) union: Union,
    /// Whether the one who remains has no account.
    pub(crate) follows: bool,
    pub(crate) differs: bool,
    pub(crate) said: &'a Said,
    pub(crate) by: AccountId,
    pub(crate) at: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// False where one is proposed for the same person.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    new: &NewMerge<'_>,
) -> Result<bool> {
    let into_account = new.union.into.account.filter(|_| !new.follows);
    let done = sqlx::query(
        "INSERT INTO identity.merge (
             id, from_person, from_account, into_person, into_account, differs, sealed, proposed_by, proposed_at, expires_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'proposed')
         ON CONFLICT (from_person) WHERE state = 'proposed' DO NOTHING",
    )
    .bind(new.id)
    .bind(new.union.from.person.uuid())
    .bind(new.union.from.account.map(AccountId::uuid))
    .bind(new.union.into.person.uuid())
    .bind(into_account.map(AccountId::uuid))
    .bind(new.differs)
    .bind(MERGE.seal(vault, &row_name(new.id), new.said)?)
    .bind(new.by.uuid())
    .bind(new.at)
    .bind(new.until)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() > 0)
}

#[derive(sqlx::FromRow)]
struct RawMerge {
    id: Uuid,
    from_person: Uuid,
    from_account: Uuid,
    from_name: String,
    into_person: Uuid,
    into_account: Option<Uuid>,
    into_name: String,
    differs: bool,
    sealed: Vec<u8>,
    proposed_by: Uuid,
    proposer_name: String,
    proposed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    state: String,
    decided_by: Option<Uuid>,
    decider_name: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    counts: Option<Json<Vec<United>>>,
}

impl RawMerge {
    fn into_row(self, vault: &Vault) -> Result<MergeRow> {
        let said: Said = MERGE.open(vault, &row_name(self.id), &self.sealed)?;
        Ok(MergeRow {
            id: self.id,
            from_person: self.from_person.into(),
            from_account: self.from_account.into(),
            from_name: self.from_name,
            into_person: self.into_person.into(),
            into_account: self.into_account.map(AccountId::from),
            into_name: self.into_name,
            differs: self.differs,
            paper: said.paper,
            why: said.why,
            reason: said.reason,
            proposed_by: self.proposed_by.into(),
            proposer_name: self.proposer_name,
            proposed_at: self.proposed_at,
            expires_at: self.expires_at,
            state: MergeState::parse(&self.state).ok_or_else(|| super::unknown_word("merge.state"))?,
            decided_by: self.decided_by.map(AccountId::from),
            decider_name: self.decider_name.unwrap_or_default(),
            decided_at: self.decided_at,
            counts: self.counts.map(|counts| counts.0).unwrap_or_default(),
        })
    }
}

macro_rules! merges {
    ($tail:literal) => {
        concat!(
            "SELECT merge.id,
                    merge.from_person,
                    merge.from_account,
                    from_person.full_name AS from_name,
                    merge.into_person,
                    merge.into_account,
                    into_person.full_name AS into_name,
                    merge.differs,
                    merge.sealed,
                    merge.proposed_by,
                    proposer.full_name AS proposer_name,
                    merge.proposed_at,
                    merge.expires_at,
                    merge.state,
                    merge.decided_by,
                    decider.full_name AS decider_name,
                    merge.decided_at,
                    merge.counts
             FROM identity.merge AS merge
             JOIN identity.person AS from_person ON from_person.id = merge.from_person
             JOIN identity.person AS into_person ON into_person.id = merge.into_person
             JOIN identity.account AS proposing ON proposing.id = merge.proposed_by
             JOIN identity.person AS proposer ON proposer.id = proposing.person
             LEFT JOIN identity.account AS deciding ON deciding.id = merge.decided_by
             LEFT JOIN identity.person AS decider ON decider.id = deciding.person ",
            $tail
        )
    };
}

pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: Uuid) -> Result<Option<MergeRow>> {
    let row: Option<RawMerge> = sqlx::query_as(merges!("WHERE merge.id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.into_row(vault)).transpose()
}

/// Of two who decide one waits.
pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("SELECT FROM identity.merge WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Those that wait for a person, the oldest first. What has run out waits no more, swept away or not.
pub(crate) async fn waiting_for(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<Vec<MergeRow>> {
    let rows: Vec<RawMerge> = sqlx::query_as(merges!(
        "WHERE merge.state = 'proposed' AND merge.expires_at > $2 AND $1 IN (merge.from_person, merge.into_person)
         ORDER BY merge.proposed_at, merge.id LIMIT $3"
    ))
    .bind(person.uuid())
    .bind(now)
    .bind(MOST_SHOWN)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(|row| row.into_row(vault)).collect()
}

/// What these two have said against earlier proposals that concerned them, the latest first: when, and why.
pub(crate) async fn objections(
    connection: &mut PgConnection,
    vault: &Vault,
    people: [PersonId; 2],
) -> Result<Vec<(DateTime<Utc>, String)>> {
    let rows: Vec<(Uuid, Vec<u8>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT merge.id, merge.sealed, merge.decided_at
         FROM identity.merge AS merge
         JOIN identity.account AS deciding ON deciding.id = merge.decided_by
         WHERE merge.state = 'refused'
           AND (merge.from_person = ANY ($1) OR merge.into_person = ANY ($1))
           AND deciding.person = ANY ($1)
           AND deciding.person IN (merge.from_person, merge.into_person)
         ORDER BY merge.decided_at DESC, merge.id DESC
         LIMIT $2",
    )
    .bind(&people.map(PersonId::uuid)[..])
    .bind(MOST_SHOWN)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|(id, sealed, at)| {
            let said: Said = MERGE.open(vault, &row_name(id), &sealed)?;
            Ok((at, said.reason))
        })
        .collect()
}

/// Those that wait, the oldest first; or those that were decided, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    decided: bool,
    page: &PageRequest,
) -> Result<Page<MergeRow>> {
    let after: Option<(DateTime<Utc>, Uuid)> = page.after.as_deref().map(db::cursor::decode).transpose()?;
    let statement = if decided {
        merges!(
            "WHERE merge.state <> 'proposed' AND ($1::timestamptz IS NULL OR (merge.decided_at, merge.id) < ($1, $2))
             ORDER BY merge.decided_at DESC, merge.id DESC LIMIT $3"
        )
    } else {
        merges!(
            "WHERE merge.state = 'proposed' AND ($1::timestamptz IS NULL OR (merge.proposed_at, merge.id) > ($1, $2))
             ORDER BY merge.proposed_at, merge.id LIMIT $3"
        )
    };
    let rows: Vec<RawMerge> = sqlx::query_as(statement)
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, id)| id))
        .bind(page.probe())
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    let cut = Page::cut(rows, page, |row| (row.decided_at.unwrap_or(row.proposed_at), row.id));
    Ok(Page {
        items: cut
            .items
            .into_iter()
            .map(|row| row.into_row(vault))
            .collect::<Result<_>>()?,
        next: cut.next,
    })
}

/// How it has ended.
pub(crate) struct Decided<'a> {
    pub(crate) state: MergeState,
    pub(crate) said: &'a Said,
    pub(crate) by: AccountId,
    pub(crate) at: DateTime<Utc>,
    pub(crate) counts: Option<&'a [United]>,
    /// The account that is closed, and the one that remains.
    pub(crate) accounts: (AccountId, Option<AccountId>),
}

pub(crate) async fn decide(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    id: Uuid,
    decided: &Decided<'_>,
) -> Result<()> {
    let done = sqlx::query(
        "UPDATE identity.merge SET
             state = $2, sealed = $3, decided_by = $4, decided_at = $5, counts = $6, from_account = $7, into_account = $8
         WHERE id = $1 AND state = 'proposed'",
    )
    .bind(id)
    .bind(decided.state.as_str())
    .bind(MERGE.seal(vault, &row_name(id), decided.said)?)
    .bind(decided.by.uuid())
    .bind(decided.at)
    .bind(decided.counts.map(Json))
    .bind(decided.accounts.0.uuid())
    .bind(decided.accounts.1.map(AccountId::uuid))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    match done.rows_affected() {
        0 => Err(error::merge_decided()),
        _ => Ok(()),
    }
}

/// From now on a person leads to the one who remains, and so do all who led to them.
pub(crate) async fn lead(
    connection: &mut PgConnection,
    _: &Permit,
    from: PersonId,
    into: PersonId,
    now: DateTime<Utc>,
) -> Result<()> {
    for statement in [
        "UPDATE identity.person SET merged_into = $2, updated_at = $3 WHERE merged_into = $1",
        "UPDATE identity.person SET merged_into = $2, updated_at = $3 WHERE id = $1",
    ] {
        sqlx::query(statement)
            .bind(from.uuid())
            .bind(into.uuid())
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    Ok(())
}

/// The account of the one becomes that of the other. Its old name stays with an account that nobody opens, with the same password: whoever comes by it is
/// told where to.
pub(crate) async fn hand_over(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    (account, stays): (AccountId, AccountId),
    (from, into): (PersonId, PersonId),
    (old, new): (&str, &str),
) -> Result<()> {
    sqlx::query("UPDATE identity.account SET person = $2 WHERE id = $1")
        .bind(account.uuid())
        .bind(into.uuid())
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    let renamed = sealed::WrittenLogin::sealed(vault, account.uuid(), new)?;
    sqlx::query(
        "UPDATE identity.account SET sealed = $2, login_tag = $3, login = NULL, login_folded = NULL WHERE id = $1",
    )
    .bind(account.uuid())
    .bind(renamed.sealed)
    .bind(renamed.tag)
    .execute(&mut *connection)
    .await
    .map_err(|error| match db::violated(&error) {
        Some("account_login_tag") => error::login_taken(),
        _ => db::fault(error),
    })?;
    let kept = sealed::WrittenLogin::sealed(vault, stays.uuid(), old)?;
    sqlx::query(
        "INSERT INTO identity.account (id, person, sealed, login_tag, password, password_changed_at, state, created_at, last_sign_in_at)
         SELECT $2, $3, $4, $5, password, password_changed_at, 'closed', created_at, last_sign_in_at
         FROM identity.account WHERE id = $1",
    )
    .bind(account.uuid())
    .bind(stays.uuid())
    .bind(from.uuid())
    .bind(kept.sealed)
    .bind(kept.tag)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What of a person is not known of the one who remains is theirs: ways to reach them.
pub(crate) async fn complete(
    connection: &mut PgConnection,
    permit: &Permit,
    vault: &Vault,
    from: PersonId,
    into: PersonId,
) -> Result<()> {
    let known = details_of(&mut *connection, vault, from).await?.unwrap_or_default();
    let Some(remains) = details_of(&mut *connection, vault, into).await? else {
        return Ok(());
    };
    let completed = Details {
        phone: remains.phone.clone().or(known.phone),
        email: remains.email.clone().or(known.email),
        birth_date: remains.birth_date.or(known.birth_date),
        ..remains.clone()
    };
    let same = completed.phone == remains.phone
        && completed.email == remains.email
        && completed.birth_date == remains.birth_date;
    if same {
        return Ok(());
    }
    super::person::put_details(connection, permit, vault, into, &completed).await
}

/// Powers of attorney and other representations of a person that would follow, on either side, and what they have asked an authority for.
pub(crate) async fn count(connection: &mut PgConnection, union: &Union, now: DateTime<Utc>) -> Result<[i64; 3]> {
    let (representations, registrations, sessions): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM identity.representation WHERE $1 IN (represented, representative) AND $2 NOT IN (represented, representative)),
                (SELECT count(*) FROM identity.registration WHERE person = $1 OR asked_by = $3),
                (SELECT count(*) FROM identity.session WHERE account = $3 AND ended_at IS NULL AND expires_at > $4)",
    )
    .bind(union.from.person.uuid())
    .bind(union.into.person.uuid())
    .bind(union.from.account.map(AccountId::uuid))
    .bind(now)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok([representations, registrations, sessions])
}

/// Brings representations along, on either side; how many. Those between the two end, and of two that are the same one ends: nobody acts for themself, and
/// nobody twice.
pub(crate) async fn representations(
    connection: &mut PgConnection,
    _: &Permit,
    union: &Union,
    by: AccountId,
    now: DateTime<Utc>,
) -> Result<u64> {
    for statement in [
        "UPDATE identity.representation SET ended_at = $4, ended_by = $3
         WHERE ended_at IS NULL AND represented IN ($1, $2) AND representative IN ($1, $2)",
        "UPDATE identity.representation AS own SET ended_at = $4, ended_by = $3
         WHERE own.ended_at IS NULL AND own.kind <> 'attorney' AND own.represented = $1
           AND EXISTS (SELECT FROM identity.representation AS other
                       WHERE other.represented = $2 AND other.representative = own.representative AND other.kind = own.kind
                         AND other.ended_at IS NULL
                         AND daterange(other.valid_from, other.valid_to, '[]') && daterange(own.valid_from, own.valid_to, '[]'))",
        "UPDATE identity.representation AS own SET ended_at = $4, ended_by = $3
         WHERE own.ended_at IS NULL AND own.kind <> 'attorney' AND own.representative = $1
           AND EXISTS (SELECT FROM identity.representation AS other
                       WHERE other.representative = $2 AND other.represented = own.represented AND other.kind = own.kind
                         AND other.ended_at IS NULL
                         AND daterange(other.valid_from, other.valid_to, '[]') && daterange(own.valid_from, own.valid_to, '[]'))",
    ] {
        sqlx::query(statement)
            .bind(union.from.person.uuid())
            .bind(union.into.person.uuid())
            .bind(by.uuid())
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    // Those between the two stay as they were: they tell what was.
    let moved = sqlx::query(
        "UPDATE identity.representation SET
             represented = CASE WHEN represented = $1 THEN $2 ELSE represented END,
             representative = CASE WHEN representative = $1 THEN $2 ELSE representative END
         WHERE $1 IN (represented, representative) AND $2 NOT IN (represented, representative)",
    )
    .bind(union.from.person.uuid())
    .bind(union.into.person.uuid())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(moved.rows_affected())
}

/// Brings along what a person has asked an authority for; how many. What both were asked about is answered once: with what one of them has said, and an
/// objection counts before consent.
pub(crate) async fn registrations(connection: &mut PgConnection, _: &Permit, union: &Union) -> Result<u64> {
    for statement in [
        "UPDATE identity.standing_voice AS kept SET agrees = own.agrees, said_at = own.said_at
         FROM identity.standing_voice AS own
         WHERE kept.account = $4 AND own.account = $3 AND own.registration = kept.registration
           AND own.agrees IS NOT NULL AND (kept.agrees IS NULL OR kept.agrees AND NOT own.agrees)
           AND $1::uuid <> $2::uuid",
        "DELETE FROM identity.standing_voice AS own
         USING identity.standing_voice AS kept
         WHERE kept.account = $4 AND own.account = $3 AND own.registration = kept.registration AND $1::uuid <> $2::uuid",
        "UPDATE identity.standing_voice SET
             account = CASE WHEN account = $3 THEN $4 ELSE account END,
             represented = CASE WHEN represented = $1 THEN $2 ELSE represented END,
             asker = CASE WHEN asker = $1 THEN $2 ELSE asker END
         WHERE account = $3 OR represented = $1 OR asker = $1",
    ] {
        sqlx::query(statement)
            .bind(union.from.person.uuid())
            .bind(union.into.person.uuid())
            .bind(union.from.account.map(AccountId::uuid))
            .bind(union.into.account.map(AccountId::uuid))
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    let moved = sqlx::query(
        "UPDATE identity.registration SET
             person = CASE WHEN person = $1 THEN $2 ELSE person END,
             asked_by = CASE WHEN asked_by = $3 THEN $4 ELSE asked_by END
         WHERE person = $1 OR asked_by = $3",
    )
    .bind(union.from.person.uuid())
    .bind(union.into.person.uuid())
    .bind(union.from.account.map(AccountId::uuid))
    .bind(union.into.account.map(AccountId::uuid))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(moved.rows_affected())
}

/// Proposals about which nobody has decided in time; all, or those about the account of one person.
pub(crate) async fn expire(
    connection: &mut PgConnection,
    whose: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "UPDATE identity.merge SET state = 'expired', decided_at = expires_at
         WHERE state = 'proposed' AND expires_at <= $1 AND ($2::uuid IS NULL OR from_person = $2)
         RETURNING id",
    )
    .bind(now)
    .bind(whose.map(PersonId::uuid))
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
