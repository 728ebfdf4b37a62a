//! What is sealed of requests to write, proposals and bulk changes, and how it is sealed anew.

use kernel::Result;
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault, Wanted};

use super::bulk::{self, BULK};
use super::proposal::{self, PROPOSAL};

/// A table of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requests {
    Proposals,
    Bulk,
}

impl Requests {
    pub(crate) const ALL: [Self; 2] = [Self::Proposals, Self::Bulk];

    /// The purpose under which it is sealed.
    pub(crate) fn column(self) -> Sealed {
        match self {
            Self::Proposals => PROPOSAL,
            Self::Bulk => BULK,
        }
    }

    /// The same text under the newest key; `None` where it is that already.
    pub(crate) fn anew(self, vault: &Vault, id: Uuid, sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        let row = match self {
            Self::Proposals => proposal::subject(id),
            Self::Bulk => bulk::subject(id),
        };
        self.column().reseal(vault, &row, sealed)
    }
}

/// How much is sealed under each key.
pub(crate) async fn uses(connection: &mut PgConnection, requests: Requests) -> Result<Vec<KeyUse>> {
    let sql = match requests {
        Requests::Proposals => vault::count_by_key!("registry.proposal"),
        Requests::Bulk => vault::count_by_key!("registry.bulk"),
    };
    let heads = sqlx::query_as(sql).fetch_all(connection).await.map_err(db::fault)?;
    requests.column().uses(heads)
}

/// Locks the next rows that are sealed with this key, passing over what others hold.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    requests: Requests,
    wanted: Wanted,
    after: Uuid,
) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let sql = match requests {
        Requests::Proposals => {
            "SELECT id, sealed FROM registry.proposal WHERE id > $1 AND substring(sealed FROM 2 FOR 4) = $2
             ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
        }
        Requests::Bulk => {
            "SELECT id, sealed FROM registry.bulk WHERE id > $1 AND substring(sealed FROM 2 FOR 4) = $2
             ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
        }
    };
    sqlx::query_as(sql)
        .bind(after)
        .bind(wanted.key())
        .bind(wanted.limit)
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn put(
    connection: &mut PgConnection,
    _: &Permit,
    requests: Requests,
    id: Uuid,
    sealed: &[u8],
) -> Result<()> {
    let sql = match requests {
        Requests::Proposals => "UPDATE registry.proposal SET sealed = $2 WHERE id = $1",
        Requests::Bulk => "UPDATE registry.bulk SET sealed = $2 WHERE id = $1",
    };
    sqlx::query(sql)
        .bind(id)
        .bind(sealed)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
