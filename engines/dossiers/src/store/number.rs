//! dossiers.number_series: numbers without gaps or doubles (R072).

use kernel::{AgencyId, Result};
use op::Permit;
use sqlx::PgConnection;

/// The series of dossier codes; its period is the day `260302`.
pub(crate) const DOSSIER: &str = "dossier";
/// The series of numbers of documents; its period is the year `2026`.
pub(crate) const DOCUMENT: &str = "document";

/// The number that would be drawn now. Nobody is kept from drawing it.
pub(crate) async fn next(connection: &mut PgConnection, agency: AgencyId, series: &str, period: &str) -> Result<u32> {
    let last: Option<i32> = sqlx::query_scalar(
        "SELECT last FROM dossiers.number_series WHERE agency_id = $1 AND series = $2 AND period = $3",
    )
    .bind(agency.uuid())
    .bind(series)
    .bind(period)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    u32::try_from(last.unwrap_or_default() + 1).map_err(|_| super::broken("number_series"))
}

/// Draws the next number of a series. The row is held until the operation ends, so that a number that is not used after all
/// is given again: draw as late as possible.
pub(crate) async fn draw(
    connection: &mut PgConnection,
    _: &Permit,
    agency: AgencyId,
    series: &str,
    period: &str,
) -> Result<u32> {
    let last: i32 = sqlx::query_scalar(
        "INSERT INTO dossiers.number_series (agency_id, series, period, last)
         VALUES ($1, $2, $3, 1)
         ON CONFLICT (agency_id, series, period) DO UPDATE SET last = dossiers.number_series.last + 1
         RETURNING last",
    )
    .bind(agency.uuid())
    .bind(series)
    .bind(period)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    u32::try_from(last).map_err(|_| super::broken("number_series"))
}
