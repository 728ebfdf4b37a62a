//! dossiers.fee

use chrono::{DateTime, Utc};
use kernel::{DossierId, Money, Result};
use op::Permit;
use sqlx::PgConnection;

use super::broken;
use crate::definition::{Collect, FeeDue};
use crate::model::Fee;

const fn word(collect: Collect) -> &'static str {
    match collect {
        Collect::AtIntake => "at_intake",
        Collect::AtReturn => "at_return",
    }
}

pub(crate) fn of_word(word: &str) -> Result<Collect> {
    match word {
        "at_intake" => Ok(Collect::AtIntake),
        "at_return" => Ok(Collect::AtReturn),
        _ => Err(broken("collect")),
    }
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, dossier: DossierId, fee: &FeeDue) -> Result<()> {
    sqlx::query("INSERT INTO dossiers.fee (dossier_id, fee, amount, collect) VALUES ($1, $2, $3, $4)")
        .bind(dossier.uuid())
        .bind(&fee.fee)
        .bind(fee.amount.dong())
        .bind(word(fee.collect))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Sets the amount of a fee that is not paid, or adds it: answers that are supplied may change what is due.
pub(crate) async fn set(connection: &mut PgConnection, _: &Permit, dossier: DossierId, fee: &FeeDue) -> Result<()> {
    sqlx::query(
        "INSERT INTO dossiers.fee (dossier_id, fee, amount, collect)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (dossier_id, fee) DO UPDATE SET amount = EXCLUDED.amount, collect = EXCLUDED.collect
          WHERE dossiers.fee.paid_at IS NULL",
    )
    .bind(dossier.uuid())
    .bind(&fee.fee)
    .bind(fee.amount.dong())
    .bind(word(fee.collect))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Removes the unpaid fees that are not among these.
pub(crate) async fn keep_only(
    connection: &mut PgConnection,
    _: &Permit,
    dossier: DossierId,
    fees: &[String],
) -> Result<()> {
    sqlx::query("DELETE FROM dossiers.fee WHERE dossier_id = $1 AND paid_at IS NULL AND fee <> ALL ($2)")
        .bind(dossier.uuid())
        .bind(fees)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn of_dossier(connection: &mut PgConnection, dossier: DossierId) -> Result<Vec<Fee>> {
    let rows: Vec<(String, i64, String, Option<DateTime<Utc>>)> =
        sqlx::query_as("SELECT fee, amount, collect, paid_at FROM dossiers.fee WHERE dossier_id = $1 ORDER BY fee")
            .bind(dossier.uuid())
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    rows.into_iter()
        .map(|(fee, amount, collect, paid_at)| {
            Ok(Fee {
                fee,
                amount: Money::from_dong(amount),
                collect: of_word(&collect)?,
                paid_at,
            })
        })
        .collect()
}

/// Notes a payment; `false` when the fee was paid before.
pub(crate) async fn pay(
    connection: &mut PgConnection,
    _: &Permit,
    dossier: DossierId,
    fee: &str,
    receipt_number: Option<&str>,
    by: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE dossiers.fee
            SET paid_at = $3, receipt_number = $4, collected_by = $5
          WHERE dossier_id = $1 AND fee = $2 AND paid_at IS NULL",
    )
    .bind(dossier.uuid())
    .bind(fee)
    .bind(at)
    .bind(receipt_number)
    .bind(by)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}
