use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use kernel::Result;
use op::Permit;
use serde_json::Value;
use sqlx::{PgConnection, types::Json};

use crate::model::{AppLink, Client, ClientAudience, ClientAuth, Grant, SigningAlgorithm};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    description: String,
    auth: String,
    secret_sha256: Option<Vec<u8>>,
    jwks: Option<Json<Value>>,
    jwks_uri: Option<String>,
    id_token_signed_response_alg: String,
    redirect_uris: Vec<String>,
    post_logout_uris: Vec<String>,
    back_channel_logout_uri: Option<String>,
    launch_uri: Option<String>,
    grants: Vec<String>,
    scopes: Vec<String>,
    audience: String,
    trusted: bool,
    dpop: bool,
    introspects: bool,
    enabled: bool,
    created_at: DateTime<Utc>,
}

impl From<Row> for Client {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            // The database takes no other words.
            auth: ClientAuth::parse(&row.auth).unwrap_or(ClientAuth::Secret),
            jwks: row.jwks.map(|Json(set)| set),
            jwks_uri: row.jwks_uri,
            id_token_signed_response_alg: SigningAlgorithm::parse(&row.id_token_signed_response_alg)
                .unwrap_or_default(),
            redirect_uris: row.redirect_uris,
            post_logout_uris: row.post_logout_uris,
            back_channel_logout_uri: row.back_channel_logout_uri,
            launch_uri: row.launch_uri,
            grants: row.grants.iter().filter_map(|word| Grant::parse(word)).collect(),
            scopes: row.scopes,
            audience: ClientAudience::parse(&row.audience).unwrap_or(ClientAudience::Officials),
            trusted: row.trusted,
            dpop: row.dpop,
            introspects: row.introspects,
            enabled: row.enabled,
            created_at: row.created_at,
            secret: row.secret_sha256,
        }
    }
}

fn grants(client: &Client) -> Vec<&'static str> {
    client.grants.iter().map(|grant| grant.as_str()).collect()
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, client: &Client) -> Result<()> {
    sqlx::query(
        "INSERT INTO openid.client (
             id, name, description, auth, secret_sha256, jwks, redirect_uris, post_logout_uris, back_channel_logout_uri, launch_uri,
             grants, scopes, audience, trusted, dpop, introspects, enabled, created_at, changed_at, jwks_uri, id_token_signed_response_alg)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, $19, $20)",
    )
    .bind(&client.id)
    .bind(&client.name)
    .bind(&client.description)
    .bind(client.auth.as_str())
    .bind(&client.secret)
    .bind(client.jwks.as_ref().map(Json))
    .bind(&client.redirect_uris)
    .bind(&client.post_logout_uris)
    .bind(&client.back_channel_logout_uri)
    .bind(&client.launch_uri)
    .bind(grants(client))
    .bind(&client.scopes)
    .bind(client.audience.as_str())
    .bind(client.trusted)
    .bind(client.dpop)
    .bind(client.introspects)
    .bind(client.enabled)
    .bind(client.created_at)
    .bind(&client.jwks_uri)
    .bind(client.id_token_signed_response_alg.as_str())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn update(
    connection: &mut PgConnection,
    _: &Permit,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE openid.client SET
             name = $2, description = $3, auth = $4, secret_sha256 = $5, jwks = $6, redirect_uris = $7, post_logout_uris = $8,
             back_channel_logout_uri = $9, launch_uri = $10, grants = $11, scopes = $12, audience = $13, trusted = $14, dpop = $15,
             introspects = $16, enabled = $17, changed_at = $18, jwks_uri = $19, id_token_signed_response_alg = $20
         WHERE id = $1",
    )
    .bind(&client.id)
    .bind(&client.name)
    .bind(&client.description)
    .bind(client.auth.as_str())
    .bind(&client.secret)
    .bind(client.jwks.as_ref().map(Json))
    .bind(&client.redirect_uris)
    .bind(&client.post_logout_uris)
    .bind(&client.back_channel_logout_uri)
    .bind(&client.launch_uri)
    .bind(grants(client))
    .bind(&client.scopes)
    .bind(client.audience.as_str())
    .bind(client.trusted)
    .bind(client.dpop)
    .bind(client.introspects)
    .bind(client.enabled)
    .bind(now)
    .bind(&client.jwks_uri)
    .bind(client.id_token_signed_response_alg.as_str())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: &str) -> Result<Option<Client>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM openid.client WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(Client::from))
}

pub(crate) async fn lock(connection: &mut PgConnection, id: &str) -> Result<Option<Client>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM openid.client WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(Client::from))
}

pub(crate) async fn page(connection: &mut PgConnection, request: &PageRequest) -> Result<Page<Client>> {
    let after: Option<(String, String)> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let (name, id) = after.unwrap_or_default();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM openid.client
         WHERE (name, id) > ($1, $2)
         ORDER BY name, id
         LIMIT $3",
    )
    .bind(name)
    .bind(id)
    .bind(request.probe())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let page = Page::cut(rows, request, |row| (row.name.clone(), row.id.clone()));
    Ok(page.map(Client::from))
}

pub(crate) async fn links(connection: &mut PgConnection, audiences: &[ClientAudience]) -> Result<Vec<AppLink>> {
    let words: Vec<&str> = audiences.iter().map(|audience| audience.as_str()).collect();
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT name, description, launch_uri
         FROM openid.client
         WHERE enabled AND launch_uri IS NOT NULL AND audience = ANY($1)
         ORDER BY name, id
         LIMIT 200",
    )
    .bind(words)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let link = |(name, description, address)| AppLink {
        name,
        description,
        address,
    };
    Ok(rows.into_iter().map(link).collect())
}
