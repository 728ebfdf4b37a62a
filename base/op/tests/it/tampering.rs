//! Whatever somebody with all rights on the database does to the trail, verification finds it and says where.

use std::io::Cursor;

use kernel::Actor;
use op::{
    Entry,
    audit::{self, Broken, Published, Report, Stretch},
};
use testkit::Scratch;

/// Writes and seals entries.
pub async fn entries(scratch: &Scratch, count: u64) {
    for n in 0..count {
        let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
        op.record(
            Entry::new("test.done", format!("thing:{n}"))
                .purpose("việc số 1")
                .detail(n),
        )
        .await
        .unwrap();
        op.commit().await.unwrap();
    }
    assert_eq!(audit::seal(&scratch.pool).await.unwrap(), count);
}

async fn run(scratch: &Scratch, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&scratch.pool).await.unwrap();
}

fn first(report: &Report) -> Option<(i64, i64, &'static str)> {
    report
        .broken
        .first()
        .map(|broken| (broken.position, broken.to, broken.what))
}

/// The head of the chain as it is now, as somebody outside keeps it.
async fn kept(scratch: &Scratch) -> Published {
    let report = audit::verify(&scratch.pool).await.unwrap();
    format!("{}:{}", report.position, report.head).parse().unwrap()
}

/// The whole chain made anew by somebody who knows how it is made, as the sealer does it.
const REMADE: &str = "
    DO $$
    DECLARE one record; before bytea := ''; place bigint := 0;
    BEGIN
        UPDATE op.audit_entry SET digest = sha256(
            int8send(8) || int8send((extract(epoch FROM at) * 1000000)::bigint)
            || int8send(octet_length(actor)) || convert_to(actor, 'UTF8')
            || int8send(octet_length(action)) || convert_to(action, 'UTF8')
            || int8send(octet_length(subject)) || convert_to(subject, 'UTF8')
            || int8send(octet_length(purpose)) || convert_to(purpose, 'UTF8')
            || int8send(16) || uuid_send(request)
            || int8send(octet_length(detail)) || convert_to(detail, 'UTF8'));
        DELETE FROM op.audit_seal;
        FOR one IN SELECT id, digest FROM op.audit_entry ORDER BY id LOOP
            place := place + 1;
            before := sha256(before || int8send(place) || int8send(one.id) || one.digest);
            INSERT INTO op.audit_seal VALUES (place, one.id, before);
        END LOOP;
    END $$";

#[tokio::test]
async fn an_untouched_trail_verifies() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 3).await;
    let report = audit::verify(&scratch.pool).await.unwrap();
    assert_eq!((report.checked, report.unsealed, report.broken.len()), (3, 0, 0));
    assert_eq!((report.position, report.head.len()), (3, 64));
    // The test makes a chain as the sealer does, or the tests below would show nothing.
    run(&scratch, REMADE).await;
    assert_eq!(audit::verify(&scratch.pool).await.unwrap(), report);
}

// shows: R024
#[tokio::test]
async fn whatever_is_changed_inside_the_chain_is_found_where_it_is() {
    let cases: [(&'static str, &'static str); 15] = [
        ("UPDATE op.audit_entry SET detail = '99' WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET actor = 'system:nobody' WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET action = 'test.undone' WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET purpose = '' WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET request = gen_random_uuid() WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET at = at + interval '1 microsecond' WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET at = 'infinity' WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET person = gen_random_uuid() WHERE subject = 'thing:1'", "changed"),
        ("UPDATE op.audit_entry SET digest = '' WHERE subject = 'thing:1'", "changed"),
        ("DELETE FROM op.audit_entry WHERE subject = 'thing:1'", "removed"),
        ("DELETE FROM op.audit_seal WHERE position = 2", "removed"),
        (
            // With its digest, but not with the links.
            "UPDATE op.audit_entry SET (action, subject, purpose, request, detail, digest) =
                 (SELECT action, subject, purpose, request, detail, digest FROM op.audit_entry WHERE subject = 'thing:2')
              WHERE subject = 'thing:1'",
            "out_of_place",
        ),
        (
            // Re-ordered.
            "UPDATE op.audit_seal SET entry = CASE position WHEN 2 THEN -3 ELSE -2 END WHERE position IN (2, 3);
             UPDATE op.audit_seal SET entry = -entry WHERE entry < 0",
            "out_of_place",
        ),
        (
            // Put in between, with all behind moved on.
            "INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, detail, digest)
             SELECT at, actor, action, subject, purpose, request, detail, digest FROM op.audit_entry WHERE subject = 'thing:0';
             UPDATE op.audit_seal SET position = -position - 1 WHERE position >= 2;
             UPDATE op.audit_seal SET position = -position WHERE position < 0;
             INSERT INTO op.audit_seal SELECT 2, max(id), sha256('x') FROM op.audit_entry",
            "out_of_place",
        ),
        ("UPDATE op.audit_seal SET chain = sha256('x') WHERE position = 2", "out_of_place"),
    ];
    for (tampering, expected) in cases {
        let scratch = Scratch::new(&[]).await;
        entries(&scratch, 4).await;
        run(&scratch, tampering).await;
        let report = audit::verify(&scratch.pool).await.unwrap();
        assert_eq!(first(&report), Some((2, 2, expected)), "{tampering}");
    }
}

#[tokio::test]
async fn links_before_the_first_and_far_beyond_the_last_are_found() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 4).await;
    run(
        &scratch,
        "UPDATE op.audit_seal SET position = 9223372036854775807 WHERE position = 4;
         UPDATE op.audit_seal SET position = -5 WHERE position = 3",
    )
    .await;
    let found = audit::verify(&scratch.pool).await.unwrap().broken;
    let found: Vec<_> = found
        .iter()
        .map(|broken| (broken.position, broken.to, broken.what))
        .collect();
    assert_eq!(found, [(-5, -5, "out_of_place"), (3, i64::MAX - 1, "removed")]);
}

/// Links are found with their entries wherever these lie, and each entry is looked at, whatever promises the tables no longer keep.
#[tokio::test]
async fn entries_far_apart_and_numbers_given_twice_are_looked_at() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 3).await;
    run(&scratch, "ALTER SEQUENCE op.audit_entry_id_seq RESTART WITH 50000").await;
    entries(&scratch, 3).await;
    run(&scratch, "ALTER SEQUENCE op.audit_entry_id_seq RESTART WITH 7").await;
    entries(&scratch, 1).await;
    let whole = audit::verify(&scratch.pool).await.unwrap();
    assert_eq!((whole.checked, whole.unsealed, whole.broken), (7, 0, vec![]));
    run(
        &scratch,
        "UPDATE op.audit_entry SET detail = '99' WHERE id IN (7, 50000)",
    )
    .await;
    let found = audit::verify(&scratch.pool).await.unwrap().broken;
    let found: Vec<_> = found
        .iter()
        .map(|broken| (broken.position, broken.entry, broken.what))
        .collect();
    assert_eq!(found, [(4, 50_000, "changed"), (7, 7, "changed")]);
    for (twice, place) in [
        (
            "ALTER TABLE op.audit_entry DROP CONSTRAINT audit_entry_pkey;
             INSERT INTO op.audit_entry OVERRIDING SYSTEM VALUE SELECT * FROM op.audit_entry WHERE id = 2",
            2,
        ),
        (
            "ALTER TABLE op.audit_seal DROP CONSTRAINT audit_seal_entry_key;
             UPDATE op.audit_seal SET entry = 1 WHERE position = 3",
            3,
        ),
    ] {
        let scratch = Scratch::new(&[]).await;
        entries(&scratch, 4).await;
        run(&scratch, twice).await;
        let report = audit::verify(&scratch.pool).await.unwrap();
        assert_eq!(first(&report), Some((place, place, "out_of_place")), "{twice}");
    }
}

/// What waits for the sealer is counted, also where others of its time are gone.
#[tokio::test]
async fn what_waits_for_the_sealer_is_counted() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 3).await;
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.record(Entry::new("test.done", "thing:3")).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(audit::verify(&scratch.pool).await.unwrap().unsealed, 1);
    run(&scratch, "DELETE FROM op.audit_entry WHERE subject = 'thing:1'").await;
    let report = audit::verify(&scratch.pool).await.unwrap();
    assert_eq!((report.unsealed, first(&report)), (1, Some((2, 2, "removed"))));
}

/// The sealer never looks so far back: who puts an entry there hides it from the chain, not from the verification.
#[tokio::test]
async fn an_entry_put_in_far_below_is_found() {
    let scratch = Scratch::new(&[]).await;
    run(&scratch, "ALTER SEQUENCE op.audit_entry_id_seq RESTART WITH 500000").await;
    entries(&scratch, 2).await;
    run(
        &scratch,
        "INSERT INTO op.audit_entry OVERRIDING SYSTEM VALUE
         SELECT 7, at, actor, action, subject, purpose, request, detail, digest, person FROM op.audit_entry WHERE subject = 'thing:0'",
    )
    .await;
    assert_eq!(audit::seal(&scratch.pool).await.unwrap(), 0);
    let report = audit::verify(&scratch.pool).await.unwrap();
    assert_eq!(
        report.broken,
        [Broken {
            position: 0,
            to: 0,
            entry: 7,
            what: "inserted"
        }]
    );
}

/// Cut off at the end, with everything in the database that could tell: only who has kept a head can know.
#[tokio::test]
async fn a_tail_that_was_cut_off_is_found_against_a_published_head() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 5).await;
    let head = kept(&scratch).await;
    run(
        &scratch,
        "DELETE FROM op.audit_entry WHERE id > 3; DELETE FROM op.audit_seal WHERE position > 3; DELETE FROM op.audit_head",
    )
    .await;
    assert!(audit::verify(&scratch.pool).await.unwrap().broken.is_empty());
    let report = audit::verify_against(&scratch.pool, std::slice::from_ref(&head))
        .await
        .unwrap();
    assert_eq!(first(&report), Some((4, 5, "removed")));
    // Other entries in their place do not help.
    entries(&scratch, 2).await;
    let report = audit::verify_against(&scratch.pool, &[head]).await.unwrap();
    assert_eq!(first(&report), Some((1, 5, "rewritten")));
}

/// Whoever makes the whole chain anew leaves one that holds; the heads that others have kept say between which positions it was changed.
#[tokio::test]
async fn a_chain_made_anew_is_found_between_two_published_heads() {
    let changes: [&'static str; 3] = [
        "UPDATE op.audit_entry SET purpose = 'khác' WHERE subject = 'thing:3'",
        "DELETE FROM op.audit_entry WHERE subject = 'thing:3'",
        "UPDATE op.audit_entry SET subject = CASE id WHEN 4 THEN 'thing:4' ELSE 'thing:3' END WHERE id IN (4, 5)",
    ];
    for change in changes {
        let scratch = Scratch::new(&[]).await;
        entries(&scratch, 2).await;
        let early = kept(&scratch).await;
        let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
        for n in 2..6 {
            op.record(Entry::new("test.done", format!("thing:{n}"))).await.unwrap();
        }
        op.commit().await.unwrap();
        audit::seal(&scratch.pool).await.unwrap();
        let late = kept(&scratch).await;
        run(&scratch, change).await;
        run(&scratch, REMADE).await;
        entries(&scratch, 1).await;
        assert!(
            audit::verify(&scratch.pool).await.unwrap().broken.is_empty(),
            "{change}"
        );
        let report = audit::verify_against(&scratch.pool, &[early, late]).await.unwrap();
        assert_eq!(first(&report), Some((3, 6, "rewritten")), "{change}");
        assert_eq!(report.heads, 1);
    }
}

async fn exported(scratch: &Scratch) -> String {
    let mut out = Vec::new();
    let exported = audit::export(&scratch.ops, Stretch::default(), &mut out).await.unwrap();
    let report = audit::verify(&scratch.pool).await.unwrap();
    assert_eq!((exported.position, &exported.head), (report.position, &report.head));
    String::from_utf8(out).unwrap()
}

fn checked(text: &str, published: &[Published]) -> Report {
    audit::verify_file(Cursor::new(text), published).unwrap()
}

#[tokio::test]
async fn an_export_verifies_without_a_database_and_holds_that_it_was_made() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 3).await;
    let text = exported(&scratch).await;
    let head = kept(&scratch).await;
    assert!(text.contains("op.trail_exported"));
    let report = checked(&text, &[head]);
    assert_eq!((report.checked, report.heads, report.broken.len()), (4, 1, 0));
}

/// A stretch of days begins with the link before it, and reaches from the first of their entries to the last.
#[tokio::test]
async fn days_are_exported_as_a_stretch_of_the_chain() {
    let scratch = Scratch::new(&[]).await;
    for _ in 0..3 {
        entries(&scratch, 2).await;
        scratch.clock.advance(chrono::TimeDelta::days(1));
    }
    let day = kernel::local_date(testkit::monday_morning()).succ_opt();
    let mut out = Vec::new();
    let stretch = Stretch { from: day, to: day };
    let exported = audit::export(&scratch.ops, stretch, &mut out).await.unwrap();
    assert_eq!((exported.count, exported.position), (2, 4));
    let text = String::from_utf8(out).unwrap();
    assert!(checked(&text, &[]).broken.is_empty());
    let whole = kept(&scratch).await;
    let of_today = Published {
        day: Some(kernel::local_date(scratch.ops.now())),
        ..whole
    };
    let report = checked(&text, &[of_today]);
    assert!(report.broken.is_empty(), "a day that the stretch does not reach");
    assert_eq!((report.heads, report.passed_over), (0, 1));
    assert_eq!((report.first, report.position), (3, 4));
    let mut out = Vec::new();
    let far = day.and_then(|day| day.checked_add_days(chrono::Days::new(900)));
    let exported = audit::export(&scratch.ops, Stretch { from: far, to: far }, &mut out)
        .await
        .unwrap();
    assert_eq!(exported.count, 0);
    assert!(checked(&String::from_utf8(out).unwrap(), &[]).broken.is_empty());
}

#[tokio::test]
async fn whatever_is_done_to_an_export_is_found() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 5).await;
    let text = exported(&scratch).await;
    let lines: Vec<&str> = text.lines().collect();
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        change(&mut changed);
        first(&checked(&changed.join("\n"), &[]))
    };
    assert_eq!(with(&|_| {}), None);
    // The second entry stands in the third line.
    let replaced = |from: &'static str, to: &'static str| {
        with(&move |lines: &mut Vec<String>| {
            let changed = lines[2].replacen(from, to, 1);
            assert_ne!(changed, lines[2], "{from}");
            lines[2] = changed;
        })
    };
    assert_eq!(replaced("thing:1", "thing:9"), Some((2, 2, "changed")));
    assert_eq!(replaced("\"digest\":\"", "\"digest\":\"00"), Some((2, 2, "changed")));
    assert_eq!(replaced("\"chain\":\"", "\"chain\":\"00"), Some((2, 2, "out_of_place")));
    assert_eq!(replaced("\"entry\":2", "\"entry\":3"), Some((2, 2, "out_of_place")));
    assert_eq!(replaced("{", "["), Some((2, 2, "changed")));
    assert_eq!(with(&|lines| drop(lines.remove(2))), Some((2, 2, "removed")));
    assert_eq!(with(&|lines| lines.swap(2, 3)), Some((2, 2, "removed")));
    assert_eq!(
        with(&|lines| lines.insert(3, lines[2].clone())),
        Some((2, 2, "out_of_place"))
    );
    // Cut off: the last line, and the last entry.
    assert_eq!(with(&|lines| drop(lines.pop())), Some((7, 7, "removed")));
    assert_eq!(with(&|lines| drop(lines.remove(6))), Some((6, 6, "removed")));
    assert_eq!(with(&|lines| lines.push(lines[7].clone())), Some((7, 7, "changed")));
    // Cut off, with a last line that fits.
    let short = {
        let cut: serde_json::Value = serde_json::from_str(lines[4]).unwrap();
        let end = serde_json::json!({ "end": 4, "position": 4, "head": cut["chain"] });
        [&lines[..5], &[&end.to_string()]].concat().join("\n")
    };
    assert!(checked(&short, &[]).broken.is_empty());
    let head = kept(&scratch).await;
    assert_eq!(first(&checked(&short, &[head])), Some((5, 6, "removed")));
    for garbage in ["", "{}", "nhật ký", "{\"format\":\"other/1\"}"] {
        let refused = audit::verify_file(Cursor::new(garbage), &[]).unwrap_err();
        assert_eq!(refused.code, "op.export_unreadable", "{garbage}");
    }
}

/// Two entries on each of three days, and the heads of these days as somebody outside keeps them, at the positions 2, 4 and 6.
async fn three_days() -> (Scratch, Vec<Published>) {
    let scratch = Scratch::new(&[]).await;
    for _ in 0..3 {
        entries(&scratch, 2).await;
        scratch.clock.advance(chrono::TimeDelta::days(1));
        assert_eq!(audit::record_heads(&scratch.ops).await.unwrap(), 1);
    }
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    let kept = audit::heads(op.conn(), &db::PageRequest::first()).await.unwrap();
    drop(op);
    (scratch, kept.items.into_iter().map(Published::from).collect())
}

/// An export with something else in its first line.
fn claiming(text: &str, field: &str, value: &str) -> String {
    let (line, rest) = text.split_once('\n').unwrap();
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert!(line.get(field).is_some(), "{field}");
    line[field] = value.into();
    format!("{line}\n{rest}")
}

/// No hash covers the first line: whoever makes the chain anew from a day on, and writes there that the export ends before that day, is found.
#[tokio::test]
async fn an_export_does_not_choose_the_heads_it_is_compared_with() {
    let (scratch, kept) = three_days().await;
    let honest = exported(&scratch).await;
    let report = checked(&honest, &kept);
    assert_eq!((report.heads, report.passed_over, report.broken.len()), (3, 0, 0));
    run(&scratch, "UPDATE op.audit_entry SET purpose = 'khác' WHERE id = 3").await;
    run(&scratch, REMADE).await;
    let forged = exported(&scratch).await;
    let monday = kernel::local_date(testkit::monday_morning()).to_string();
    for text in [
        forged.clone(),
        claiming(&forged, "to", &monday),
        claiming(&forged, "to", "2020-01-01"),
        claiming(&forged, "exported_at", "2020-01-01T00:00:00Z"),
    ] {
        let report = checked(&text, &kept);
        assert_eq!(first(&report), Some((3, 4, "rewritten")), "{text}");
        assert_eq!((report.heads, report.passed_over), (1, 0));
    }
}

/// Who cuts the end off, and writes that no more was asked for, cannot be told from somebody of whom no more was asked: so it is said
/// that heads were not compared.
#[tokio::test]
async fn heads_outside_of_an_export_are_counted() {
    let (scratch, kept) = three_days().await;
    let text = exported(&scratch).await;
    let lines: Vec<&str> = text.lines().collect();
    let cut: serde_json::Value = serde_json::from_str(lines[4]).unwrap();
    let end = serde_json::json!({ "end": 4, "position": 4, "head": cut["chain"] }).to_string();
    let short = [&lines[..5], &[&end]].concat().join("\n");
    assert_eq!(first(&checked(&short, &kept)), Some((5, 6, "removed")));
    let tuesday = kernel::local_date(testkit::monday_morning()).succ_opt().unwrap();
    for short in [
        claiming(&short, "to", &tuesday.to_string()),
        claiming(
            &short,
            "exported_at",
            &(scratch.ops.now() - chrono::TimeDelta::days(1)).to_rfc3339(),
        ),
    ] {
        let report = checked(&short, &kept);
        assert_eq!((report.heads, report.passed_over, report.broken.len()), (2, 1, 0));
        assert_eq!((report.first, report.position), (1, 4));
    }
    // The last day alone: the head before it is that of the link before, and the first head lies before that.
    let wednesday = tuesday.succ_opt();
    let mut out = Vec::new();
    let stretch = Stretch {
        from: wednesday,
        to: wednesday,
    };
    audit::export(&scratch.ops, stretch, &mut out).await.unwrap();
    let report = checked(&String::from_utf8(out).unwrap(), &kept);
    assert_eq!((report.heads, report.passed_over, report.broken.len()), (2, 1, 0));
    assert_eq!((report.first, report.position), (5, 6));
}

// shows: R024, R028
#[tokio::test]
async fn whoever_acts_behind_the_wall_adds_to_the_trail_and_changes_nothing_of_it() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 3).await;
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    for (statement, table) in [
        ("UPDATE op.audit_entry SET actor = 'system:nobody'", "op.audit_entry"),
        ("DELETE FROM op.audit_entry", "op.audit_entry"),
        ("DELETE FROM op.audit_seal", "op.audit_seal"),
        ("UPDATE op.audit_seal SET chain = ''", "op.audit_seal"),
    ] {
        let done = sqlx::query(statement).execute(op.conn()).await.unwrap();
        assert_eq!(done.rows_affected(), 0, "{table}: {statement}");
    }
    op.record(Entry::new("test.seen", "thing:1")).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(audit::seal(&scratch.pool).await.unwrap(), 1);
    let report = audit::verify(&scratch.pool).await.unwrap();
    assert_eq!((report.checked, report.broken.len()), (4, 0));
}
