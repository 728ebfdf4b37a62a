//! Nothing is sealed that a change of keys would not find.

use testkit::Scratch;

/// Columns of bytes that are no hash by their name, and what they hold. Sealed texts and tags stand in `keys_in_use` and `reseal` of their engine too; `compose::keys` asks
/// every engine that has some.
const COLUMNS: &[(&str, &str)] = &[
    ("dossiers.dossier.sealed", "sealed"),
    ("dossiers.paper.sealed", "sealed"),
    ("dossiers.supplement.sealed", "sealed"),
    ("federation.farewell.id_token", "sealed"),
    ("federation.journey.resume", "sealed, gone after ten minutes"),
    ("forms.attachment.sealed", "sealed"),
    ("forms.draft.sealed", "sealed"),
    ("identity.account.login_tag", "tag, made anew with the row"),
    ("identity.account.sealed", "sealed"),
    ("identity.counter_code.sealed", "sealed"),
    ("identity.passkey.credential", "public"),
    ("identity.passkey.public_key", "public"),
    (
        "identity.passkey_challenge.challenge",
        "random, shown to whoever answers it",
    ),
    ("identity.person.number_tag", "tag, made anew with the row"),
    ("identity.person.passport_tag", "tag, made anew with the row"),
    ("identity.person.phone_tag", "tag, made anew with the row"),
    ("identity.person.sealed", "sealed"),
    ("identity.recovery_code.tag", "tag"),
    ("identity.registration.number_tag", "tag, made anew with the row"),
    ("identity.registration.sealed", "sealed"),
    ("identity.representation.sealed", "sealed"),
    ("identity.totp.next_secret", "sealed"),
    ("identity.totp.secret", "sealed"),
    ("openid.signing_key.sealed", "sealed"),
    ("privacy.request.sealed", "sealed"),
    ("privacy.request_line.sealed", "sealed"),
];

#[tokio::test]
async fn every_column_that_could_hold_a_sealed_text_is_known() {
    let scratch = Scratch::new(compose::MIGRATIONS).await;
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT table_schema || '.' || table_name || '.' || column_name
         FROM information_schema.columns
         WHERE data_type = 'bytea' AND table_schema NOT IN ('pg_catalog', 'information_schema')
           AND column_name !~ '(sha256|digest|chain)$'
         ORDER BY 1",
    )
    .fetch_all(&scratch.pool)
    .await
    .unwrap();
    let known: Vec<&str> = COLUMNS.iter().map(|(column, _)| *column).collect();
    assert_eq!(found, known, "say here what a new column holds");
}
