//! Nothing is sealed that a change of keys would not find.

use chrono::TimeDelta;
use kernel::Actor;
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
    ("identity.merge.sealed", "sealed"),
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
    ("notify.message.sealed", "sealed"),
    ("openid.signing_key.sealed", "sealed"),
    ("privacy.request.sealed", "sealed"),
    ("privacy.request_line.sealed", "sealed"),
    ("registry.bad_row.sealed", "sealed"),
    ("registry.bulk.sealed", "sealed"),
    ("registry.proposal.sealed", "sealed"),
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

/// With another key nobody would be found by number or telephone: everybody would be written down a second time.
#[tokio::test]
async fn a_lost_key_is_noticed_before_anything_is_written() {
    let scratch = Scratch::new(&[]).await;
    let folder = scratch.directory().join("keys");
    let open = async || compose::keys::vault(&scratch.ops, &folder).await;
    let vault = open().await.unwrap();
    scratch.clock.advance(TimeDelta::minutes(1));
    let second = vault.add_key(scratch.ops.now()).unwrap();
    assert_eq!(
        open().await.unwrap().numbers().unwrap().len(),
        2,
        "one that was added is taken over"
    );
    let refused = async || {
        let fault = open().await.err().expect("the vault does not open");
        assert_eq!(fault.code, "vault.key_missing");
    };
    let file = folder.join(format!("{second}.key"));
    let key = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    refused().await;
    std::fs::write(&file, [7; 32]).unwrap();
    refused().await;
    std::fs::write(&file, key).unwrap();
    open().await.unwrap();

    let apart = scratch.directory().join("apart");
    std::fs::rename(&folder, &apart).unwrap();
    refused().await;
    std::fs::create_dir(&folder).unwrap();
    refused().await;
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "no key was made");
    std::fs::remove_dir(&folder).unwrap();
    std::fs::rename(&apart, &folder).unwrap();

    // One that was taken away for good is missed by nobody.
    let first = vault.numbers().unwrap()[0];
    let mut op = scratch.ops.open(Actor::System("keys")).await.unwrap();
    op::keyring::forget(&mut op, first).await.unwrap();
    op.commit().await.unwrap();
    std::fs::remove_file(folder.join(format!("{first}.key"))).unwrap();
    assert_eq!(open().await.unwrap().numbers().unwrap(), [second]);
}

/// What a change of keys looks for is led to by an index, in tables of any length.
#[expect(
    clippy::disallowed_methods,
    reason = "names of tables cannot be bound; these are literals of this test"
)]
#[tokio::test]
async fn an_index_leads_to_what_is_under_a_key() {
    let scratch = Scratch::new(compose::MIGRATIONS).await;
    let mut connection = scratch.pool.acquire().await.unwrap();
    for setting in ["SET enable_seqscan = off", "SET enable_bitmapscan = off"] {
        sqlx::query(setting).execute(&mut *connection).await.unwrap();
    }
    let zero = "coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000')";
    for (table, order) in [
        ("dossiers.dossier", "id"),
        ("dossiers.supplement", "dossier_id, round"),
        ("dossiers.paper", "id"),
        ("forms.draft", "id"),
        ("forms.attachment", "draft, file"),
        ("identity.person", "id"),
        ("identity.account", "id"),
        ("notify.message", "id"),
        ("privacy.request", "id"),
        ("privacy.request_line", "id"),
    ] {
        let sql = format!("EXPLAIN SELECT 1 FROM {table} WHERE {zero} = '\\x01020304' ORDER BY {order} LIMIT 200");
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan = plan.join("\n");
        let named = format!("{}_key on", table.split_once('.').unwrap().1);
        assert!(plan.contains(&named) && !plan.contains("Sort"), "{table}\n{plan}");
    }
}
