//! Who sees what of a case, and how the lists go on from page to page.

use std::collections::BTreeSet;

use db::{Page, PageRequest};
use dossiers::model::{PlainStatus, Status, SupplementKind};
use dossiers::{DossierView, InboxBox, InboxFilter, InboxRow, LedgerRow};
use forms::Channel;
use kernel::{Actor, Citizen, DossierId, Fault, FaultKind};
use serde_json::Value;

use crate::office::{EXTRACT, Office, ask, march, outcome, propose};

async fn view(office: &Office, actor: &Actor, id: DossierId) -> Result<DossierView, Fault> {
    let mut op = office.op(actor).await;
    let view = office.dossiers.view(&mut op, id).await?;
    op.commit().await?;
    Ok(view)
}

async fn inbox(office: &Office, actor: &Actor, filter: &InboxFilter) -> Vec<InboxRow> {
    let mut op = office.op(actor).await;
    let page = office
        .dossiers
        .inbox(&mut op, filter, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(page.next, None);
    page.items
}

fn of(list: InboxBox) -> InboxFilter {
    InboxFilter {
        list,
        ..InboxFilter::default()
    }
}

/// The audit trail of a case: action, purpose, detail.
async fn trail(office: &Office, id: DossierId) -> Vec<(String, String, String)> {
    sqlx::query_as("SELECT action, purpose, detail FROM op.audit_entry WHERE subject = $1 ORDER BY id")
        .bind(dossiers::subject(id))
        .fetch_all(&office.scratch.pool)
        .await
        .unwrap()
}

/// Who has looked at the data of this person, as the person sees it.
async fn looks(office: &Office, actor: &Actor) -> Vec<op::audit::Look> {
    let mut op = office.op(actor).await;
    let person = actor.person().unwrap();
    let page = op::audit::about(op.conn(), person, &PageRequest::first()).await;
    page.unwrap().items
}

/// A case that the clerk took in with a word to the specialist, and on which the specialist has written a note.
async fn in_work(office: &Office) -> (DossierId, String) {
    let submitted = office.submitted().await;
    let mut accept = outcome("accept");
    accept.note = "Sổ nằm ở tủ số 3".to_owned();
    office.act(&office.people.clerk, submitted.id, "receive", accept).await;
    let mut propose = propose(&EXTRACT);
    propose.note = "Đã đối chiếu, chữ mờ".to_owned();
    office
        .act(&office.people.specialist, submitted.id, "check", propose)
        .await;
    (submitted.id, submitted.code)
}

// shows: R081
#[tokio::test]
async fn the_applicant_sees_the_case_without_what_officials_keep_among_themselves() {
    let office = Office::open().await;
    let (id, code) = in_work(&office).await;
    let seen = view(&office, &office.people.lan, id).await.unwrap();
    assert_eq!((seen.code, seen.owner_name.as_str()), (code, "Nguyễn Thị Lan"));
    assert_eq!((seen.status, seen.plain), (Status::Processing, PlainStatus::Processing));
    assert_eq!(seen.receiving.code, "H30.29.01");
    assert_eq!(seen.handling, seen.receiving);
    assert!(seen.received_at.is_some() && seen.due_at.is_some() && !seen.late);
    assert!(seen.summary.iter().any(|page| page.page == "how_many"));
    assert_eq!((seen.fees.len(), seen.fees[0].amount.dong()), (1, 16_000));
    let actions: Vec<&str> = seen.history.iter().map(|line| line.action.as_str()).collect();
    assert!(actions.starts_with(&["submitted", "received"]), "{actions:?}");
    let told = serde_json::to_string(&seen.history).unwrap();
    for word in ["tủ số 3", "chữ mờ", "propose"] {
        assert!(!told.contains(word), "{told}");
    }
    assert!(seen.may.withdraw);
    assert!(!seen.may.supply && !seen.may.rate && !seen.may.apologise && !seen.may.pay);
}

// shows: R024
#[tokio::test]
async fn officials_at_work_on_it_see_notes_and_their_reading_is_written_down_with_its_purpose() {
    let office = Office::open().await;
    let (id, code) = in_work(&office).await;
    let before = trail(&office, id).await.len();
    let seen = view(&office, &office.people.leader, id).await.unwrap();
    let notes: Vec<&str> = seen.history.iter().filter_map(|line| line.note.as_deref()).collect();
    assert!(
        notes.contains(&"Sổ nằm ở tủ số 3") && notes.contains(&"Đã đối chiếu, chữ mờ"),
        "{notes:?}"
    );
    assert!(seen.may.apologise && !seen.may.withdraw && !seen.may.pay);
    let read = trail(&office, id).await;
    let entry = &read[before..];
    assert_eq!(entry.len(), 1);
    assert_eq!(
        (entry[0].0.as_str(), entry[0].1.as_str()),
        ("dossiers.read", code.as_str())
    );
    // She sees who it was, from which position, and for what.
    let seen = looks(&office, &office.people.lan).await;
    let leader = office.people.leader.official().unwrap();
    let by_leader: Vec<&op::audit::Look> = seen.iter().filter(|look| look.name == leader.name).collect();
    assert_eq!(by_leader.len(), 1, "{seen:?}");
    let told = (by_leader[0].action.as_str(), by_leader[0].purpose.as_str());
    assert_eq!(told, ("dossiers.read", code.as_str()));
    assert_eq!(
        (&by_leader[0].position, &by_leader[0].agency),
        (&leader.position_title, &leader.agency_name)
    );
    assert!(
        looks(&office, &office.people.hung).await.is_empty(),
        "nobody sees what is told to others"
    );
    // The applicant's own reading is nobody's business.
    view(&office, &office.people.lan, id).await.unwrap();
    assert_eq!(trail(&office, id).await.len(), read.len());
}

#[tokio::test]
async fn for_everybody_else_there_is_no_such_case_and_the_attempt_is_in_the_audit_trail() {
    let office = Office::open().await;
    let id = office.submitted().await.id;
    for (done, actor) in [&office.people.hung, &office.people.foreign_clerk, &Actor::Anonymous]
        .into_iter()
        .enumerate()
    {
        let fault = view(&office, actor, id).await.unwrap_err();
        assert_eq!(
            (fault.kind, fault.code),
            (FaultKind::NotFound, "dossiers.dossier_not_found")
        );
        assert_eq!(office.refusals("dossiers.dossier_not_found").await, done as i64 + 1);
    }
    let missing = view(&office, &office.people.lan, DossierId::new()).await.unwrap_err();
    assert_eq!(missing.code, "dossiers.dossier_not_found");
    let task = office.task(id, "receive").await;
    let mut op = office.op(&office.people.foreign_clerk).await;
    let fault = office.dossiers.work(&mut op, task).await.unwrap_err();
    assert_eq!(
        (fault.kind, fault.code),
        (FaultKind::NotFound, "workflow.task_not_found")
    );
    assert_eq!(office.refusals("workflow.task_not_found").await, 1);
}

#[tokio::test]
async fn the_desk_offers_only_what_the_reader_can_do() {
    let office = Office::open().await;
    let id = office.submitted().await.id;
    let task = office.task(id, "receive").await;
    let mut op = office.op(&office.people.clerk).await;
    let desk = office.dossiers.work(&mut op, task).await.unwrap();
    assert!(desk.is_intake && !desk.is_return && !desk.leads && desk.task.ready && !desk.task.mine);
    assert_eq!(desk.task.outcomes, ["accept", "supplement", "refuse"]);
    assert_eq!(desk.refusal_reasons, ["not_found", "wrong_information"]);
    assert_eq!(desk.papers_to_check, Vec::<String>::new());
    assert_eq!(desk.colleagues, []);
    office.dossiers.claim(&mut op, task).await.unwrap();
    let taken = office.dossiers.work(&mut op, task).await.unwrap();
    assert!(taken.task.mine);
    let names: Vec<&str> = taken.colleagues.iter().map(|other| other.name.as_str()).collect();
    assert_eq!(names, ["Võ Văn Quầy"], "whoever has a step may give it away");
    op.commit().await.unwrap();

    let mut op = office.op(&office.people.second_clerk).await;
    let other = office.dossiers.work(&mut op, task).await.unwrap();
    assert_eq!(other.task.assignee_name.as_deref(), Some("Lê Thị Cửa"));
    assert_eq!(other.task.outcomes, Vec::<String>::new(), "a colleague has it");
    let mut op = office.op(&office.people.leader).await;
    let led = office.dossiers.work(&mut op, task).await.unwrap();
    assert!(
        led.leads && led.task.outcomes.is_empty(),
        "a leader may give it away, not do it"
    );
    assert_eq!(led.colleagues.len(), 1);
    drop(op);

    office.act(&office.people.clerk, id, "receive", outcome("accept")).await;
    let mut op = office.op(&office.people.clerk).await;
    let done = office.dossiers.work(&mut op, task).await.unwrap();
    assert!(done.task.closed && !done.task.ready && done.task.outcomes.is_empty());
}

// shows: R075
#[tokio::test]
async fn anybody_with_the_code_learns_where_it_stands_and_no_name() {
    let office = Office::open().await;
    let (id, code) = in_work(&office).await;
    let mut op = office.op(&Actor::Anonymous).await;
    let typed = format!("  {} ", code.to_lowercase().replace('-', " - "));
    let track = office.dossiers.track(&mut op, &typed).await.unwrap();
    assert_eq!(
        (track.code.as_str(), track.plain),
        (code.as_str(), PlainStatus::Processing)
    );
    let statuses: Vec<i16> = track.steps.iter().map(|step| step.status.number()).collect();
    assert_eq!(statuses, [1, 2, 4]);
    let told = serde_json::to_string(&track).unwrap();
    for word in ["Lan", "Tịch", "title", "owner", &id.to_string()] {
        assert!(!told.contains(word), "{word} in {told}");
    }
    let absent = office
        .dossiers
        .track(&mut op, "H30.29.01-260302-9999")
        .await
        .unwrap_err();
    assert_eq!(absent.code, "dossiers.dossier_not_found");
    let nonsense = office.dossiers.track(&mut op, "xin chào").await.unwrap_err();
    assert_eq!(
        (nonsense.kind, nonsense.code),
        (FaultKind::Invalid, "kernel.dossier_code")
    );
}

#[tokio::test]
async fn the_boxes_of_the_inbox_hold_what_their_names_say() {
    let office = Office::open().await;
    let people = &office.people;
    let (first, second) = (office.submitted().await, office.submitted().await);
    let rows = inbox(&office, &people.clerk, &of(InboxBox::Open)).await;
    let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes, [first.code.as_str(), second.code.as_str()]);
    assert!(
        rows.iter()
            .all(|row| row.node == "receive" && row.role == "clerk" && !row.mine && !row.late)
    );
    assert_eq!(
        inbox(&office, &people.specialist, &of(InboxBox::All)).await,
        [],
        "another role"
    );
    assert_eq!(
        inbox(&office, &people.foreign_clerk, &of(InboxBox::All)).await,
        [],
        "another agency"
    );

    let mut op = office.op(&people.clerk).await;
    office
        .dossiers
        .claim(&mut op, office.task(first.id, "receive").await)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mine = inbox(&office, &people.clerk, &of(InboxBox::Mine)).await;
    assert_eq!(
        (mine.len(), mine[0].mine, mine[0].code.as_str()),
        (1, true, first.code.as_str())
    );
    assert_eq!(inbox(&office, &people.clerk, &of(InboxBox::Open)).await.len(), 2);
    let others = inbox(&office, &people.second_clerk, &of(InboxBox::Open)).await;
    assert_eq!((others.len(), others[0].code.as_str()), (1, second.code.as_str()));
    assert_eq!(inbox(&office, &people.second_clerk, &of(InboxBox::All)).await.len(), 2);

    let wanted = ask(&[(SupplementKind::Answer, "phone")]);
    office.act(&people.clerk, first.id, "receive", wanted).await;
    let waiting = inbox(&office, &people.second_clerk, &of(InboxBox::Waiting)).await;
    assert_eq!((waiting.len(), waiting[0].plain), (1, PlainStatus::Supplement));
    let mut op = office.op(&people.clerk).await;
    let counts = office.dossiers.inbox_counts(&mut op).await.unwrap();
    assert_eq!(
        (counts.open, counts.mine, counts.all, counts.waiting, counts.late),
        (1, 0, 1, 1, 0)
    );
}

#[tokio::test]
async fn the_inbox_is_narrowed_by_words_system_step_and_lateness() {
    let office = Office::open().await;
    let people = &office.people;
    let extract = office.submitted().await;
    let found = |filter: InboxFilter| {
        let office = &office;
        async move { inbox(office, &office.people.clerk, &filter).await.len() }
    };
    let words = |q: &str| InboxFilter {
        q: Some(q.to_owned()),
        ..InboxFilter::default()
    };
    assert_eq!(found(words("nguyen thi LAN")).await, 1, "without tones");
    assert_eq!(found(words("Nguyễn Lan")).await, 1);
    assert_eq!(found(words(&extract.code.to_lowercase())).await, 1);
    assert_eq!(found(words("Đặng")).await, 0);
    assert_eq!(found(words("100%_'")).await, 0, "what is typed is no pattern");
    let app = |app: &str| InboxFilter {
        app: Some(app.to_owned()),
        ..InboxFilter::default()
    };
    assert_eq!(
        (
            found(app("civil-extract")).await,
            found(app("household-business")).await
        ),
        (1, 0)
    );
    let node = |node: &str| InboxFilter {
        node: Some(node.to_owned()),
        ..InboxFilter::default()
    };
    assert_eq!((found(node("receive")).await, found(node("hand_over")).await), (1, 0));
    let late = InboxFilter {
        late: true,
        ..InboxFilter::default()
    };
    assert_eq!(found(late.clone()).await, 0);
    office.at(march(2, 16, 0));
    assert_eq!(
        found(late).await,
        1,
        "the step had four working hours from eight o'clock"
    );
    let mut op = office.op(&people.clerk).await;
    assert_eq!(office.dossiers.inbox_counts(&mut op).await.unwrap().late, 1);
}

#[tokio::test]
async fn a_result_that_waits_to_be_fetched_is_not_late() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    office.act(&people.specialist, id, "check", propose(&EXTRACT)).await;
    office.act(&people.leader, id, "approve", outcome("approve")).await;
    office.at(march(30, 8, 0));
    let new = office.submitted().await;
    let rows = inbox(&office, &people.clerk, &of(InboxBox::All)).await;
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.code == new.code, row.node.as_str(), row.late, row.due_at))
        .collect();
    assert_eq!(
        shown,
        [(true, "receive", false, None), (false, "hand_over", false, None)],
        "what has a due comes first"
    );
}

#[tokio::test]
async fn lists_of_an_office_are_for_officials() {
    let office = Office::open().await;
    let day = march(2, 0, 0).date_naive();
    let first = PageRequest::first();
    for actor in [&office.people.lan, &Actor::Anonymous] {
        let mut op = office.op(actor).await;
        let verbs = &office.dossiers;
        let faults = [
            verbs.inbox(&mut op, &InboxFilter::default(), &first).await.unwrap_err(),
            verbs.inbox_counts(&mut op).await.unwrap_err(),
            verbs.search(&mut op, "lan", &first).await.unwrap_err(),
            verbs.ledger(&mut op, day, day, &first).await.unwrap_err(),
            verbs.ledger_csv(&mut op, day, day).await.unwrap_err(),
        ];
        for fault in faults {
            assert_eq!((fault.kind, fault.code), (FaultKind::Forbidden, "dossiers.not_allowed"));
        }
    }
    assert_eq!(office.refusals("dossiers.not_allowed").await, 10);
}

/// Walks a list two rows at a time.
macro_rules! walk {
    ($request:ident => $ask:expr) => {{
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let $request = PageRequest::new(after, Some(2));
            let page: Page<_> = $ask.await.unwrap();
            assert!(page.items.len() <= 2);
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                break all;
            }
        }
    }};
}

#[tokio::test]
async fn every_list_goes_on_where_its_last_page_ended() {
    let office = Office::open().await;
    let people = &office.people;
    let mut codes = Vec::new();
    for minute in 0..5 {
        office.at(march(2, 8, minute));
        let submitted = office.submitted().await;
        office
            .act(&people.clerk, submitted.id, "receive", outcome("accept"))
            .await;
        codes.push(submitted.code);
    }
    let newest: Vec<String> = codes.iter().rev().cloned().collect();

    let mut op = office.op(&people.lan).await;
    let mine = walk!(request => office.dossiers.mine(&mut op, &request));
    assert_eq!(mine.into_iter().map(|row| row.code).collect::<Vec<_>>(), newest);
    // What waits for them stands before what is newer, on whatever page it would be.
    sqlx::query("UPDATE dossiers.dossier SET status = 5, resume_status = 2 WHERE code = $1")
        .bind(&codes[1])
        .execute(&office.scratch.pool)
        .await
        .unwrap();
    let mine = walk!(request => office.dossiers.mine(&mut op, &request));
    let order: Vec<(&str, bool)> = mine.iter().map(|row| (row.code.as_str(), row.needs_me)).collect();
    let expected =
        [(1, true), (4, false), (3, false), (2, false), (0, false)].map(|(at, needed)| (codes[at].as_str(), needed));
    assert_eq!(order, expected);
    let mut op = office.op(&people.hung).await;
    assert_eq!(
        office
            .dossiers
            .mine(&mut op, &PageRequest::first())
            .await
            .unwrap()
            .items,
        []
    );

    let mut op = office.op(&people.specialist).await;
    let tasks = walk!(request => office.dossiers.inbox(&mut op, &InboxFilter::default(), &request));
    assert_eq!(tasks.iter().map(|row| &row.code).collect::<BTreeSet<_>>().len(), 5);
    assert!(tasks.is_sorted_by_key(|row| row.task_due_at));
    let found = walk!(request => office.dossiers.search(&mut op, "lan", &request));
    assert_eq!(found.into_iter().map(|row| row.code).collect::<Vec<_>>(), newest);
    let day = march(2, 12, 0).date_naive();
    let lines: Vec<LedgerRow> = walk!(request => office.dossiers.ledger(&mut op, day, day, &request));
    assert_eq!(
        lines.iter().map(|line| line.number).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    assert_eq!(lines.into_iter().map(|line| line.code).collect::<Vec<_>>(), codes);

    let broken = PageRequest::new(Some("zz".into()), None);
    let fault = office.dossiers.search(&mut op, "lan", &broken).await.unwrap_err();
    assert_eq!(fault.code, "db.bad_cursor");
}

// shows: R025
#[tokio::test]
async fn an_office_finds_its_own_cases_only() {
    let office = Office::open().await;
    let submitted = office.submitted().await;
    let number = crate::office::LAN;
    let mut op = office.op(&office.people.specialist).await;
    for question in ["nguyen lan", "LAN", number, submitted.code.as_str(), "0912345678"] {
        let page = office
            .dossiers
            .search(&mut op, question, &PageRequest::first())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1, "{question}");
    }
    for question in ["", " ,. ", "Lan Hùng Nobody", "agency:x"] {
        let page = office
            .dossiers
            .search(&mut op, question, &PageRequest::first())
            .await
            .unwrap();
        assert_eq!(page.items, [], "{question}");
    }
    let mut op = office.op(&office.people.foreign_clerk).await;
    let page = office
        .dossiers
        .search(&mut op, "lan", &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(page.items, []);
}

// shows: R024
#[tokio::test]
async fn who_searched_and_who_read_the_ledger_is_in_the_trail() {
    let office = Office::open().await;
    let (id, _) = in_work(&office).await;
    let day = march(2, 12, 0).date_naive();
    let mut op = office.op(&office.people.specialist).await;
    office
        .dossiers
        .search(&mut op, "lan", &PageRequest::first())
        .await
        .unwrap();
    office
        .dossiers
        .ledger(&mut op, day, day, &PageRequest::first())
        .await
        .unwrap();
    op.commit().await.unwrap();
    let entries: Vec<(String, String)> = sqlx::query_as(
        "SELECT action, detail FROM op.audit_entry WHERE action IN ('dossiers.searched', 'dossiers.ledger_read') ORDER BY id",
    )
    .fetch_all(&office.scratch.pool)
    .await
    .unwrap();
    assert_eq!(entries.len(), 2);
    assert!(
        entries[0].1.contains(&id.to_string()) && !entries[0].1.contains("lan"),
        "{}",
        entries[0].1
    );
    assert!(entries[1].1.contains("2026-03-02"), "{}", entries[1].1);
}

#[tokio::test]
async fn the_ledger_says_who_was_on_time_and_opens_in_a_spreadsheet() {
    let office = Office::open().await;
    let (id, code) = in_work(&office).await;
    let day = march(2, 12, 0).date_naive();
    let (lan, specialist) = (&office.people.lan, &office.people.specialist);
    // A second one with a name that a spreadsheet program would calculate.
    let trick = Actor::Citizen(Citizen {
        name: "=cmd()".into(),
        acts_for: None,
        ..lan.citizen().unwrap().clone()
    });
    let other = office.extract_draft(lan, Channel::Online).await;
    let other = office.try_submit(&trick, other).await.unwrap();
    office
        .act(&office.people.clerk, other.id, "receive", outcome("accept"))
        .await;
    sqlx::query("UPDATE dossiers.dossier SET owner_name = '=cmd()' WHERE id = $1")
        .bind(other.id.uuid())
        .execute(&office.scratch.pool)
        .await
        .unwrap();

    let line = |rows: &[LedgerRow], code: &str| rows.iter().find(|row| row.code == code).unwrap().clone();
    let mut op = office.op(specialist).await;
    let rows = office
        .dossiers
        .ledger(&mut op, day, day, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(line(&rows.items, &code).on_time, None, "there is still time");
    drop(op);
    office
        .act(&office.people.leader, id, "approve", outcome("approve"))
        .await;
    office.at(march(4, 8, 0));
    let mut op = office.op(specialist).await;
    let rows = office
        .dossiers
        .ledger(&mut op, day, day, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(line(&rows.items, &code).on_time, Some(true));
    assert_eq!(
        line(&rows.items, &other.code).on_time,
        Some(false),
        "it was due on the 2nd"
    );
    let next = day.succ_opt().unwrap();
    let none = office
        .dossiers
        .ledger(&mut op, next, next, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(none.items, [], "another day");
    let reversed = office.dossiers.ledger(&mut op, next, day, &PageRequest::first()).await;
    assert_eq!(reversed.unwrap_err().code, "dossiers.period");

    let bytes = office.dossiers.ledger_csv(&mut op, day, day).await.unwrap();
    op.commit().await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let heads: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(&heads[..3], ["STT", "Mã hồ sơ", "Chủ hồ sơ"]);
    let records: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 2);
    assert_eq!(
        (&records[0][0], &records[0][1], &records[0][10]),
        ("1", code.as_str(), "Đúng hạn")
    );
    assert_eq!((&records[1][2], &records[1][10]), ("'=cmd()", "Quá hạn"));
    let exported: i64 =
        sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'dossiers.ledger_exported'")
            .fetch_one(&office.scratch.pool)
            .await
            .unwrap();
    assert_eq!(exported, 1);
}

// shows: R028
#[tokio::test]
async fn a_paper_is_a_file_of_its_own_case_only() {
    let office = Office::open().await;
    let lan = &office.people.lan;
    let draft = office.extract_draft(lan, Channel::Online).await;
    let file = office.upload(lan, &forms::holder(draft), "bản sao cũ").await;
    let mut op = office.op(lan).await;
    office.forms.attach(&mut op, draft, "old_copy", 2, &file).await.unwrap();
    op.commit().await.unwrap();
    let with = office.try_submit(lan, draft).await.unwrap();
    let without = office.submitted().await;

    let mut op = office.op(lan).await;
    let seen = office.dossiers.view(&mut op, with.id).await.unwrap();
    assert_eq!(
        (seen.papers.len(), seen.papers[0].paper.as_str(), seen.papers[0].round),
        (1, "old_copy", 0)
    );
    let kept = office
        .dossiers
        .paper_file(&mut op, with.id, seen.papers[0].file)
        .await
        .unwrap();
    assert_eq!(kept.sha256, file.sha256);
    let elsewhere = office
        .dossiers
        .paper_file(&mut op, without.id, kept.id)
        .await
        .unwrap_err();
    assert_eq!(
        (elsewhere.kind, elsewhere.code),
        (FaultKind::NotFound, "files.not_found")
    );
    drop(op);

    let mut op = office.op(&office.people.clerk).await;
    office.dossiers.paper_file(&mut op, with.id, kept.id).await.unwrap();
    op.commit().await.unwrap();
    let (action, purpose, detail) = trail(&office, with.id).await.pop().unwrap();
    assert_eq!(
        (action.as_str(), purpose.as_str()),
        ("dossiers.paper_read", with.code.as_str())
    );
    assert_eq!(serde_json::from_str::<Value>(&detail).unwrap()["paper"], "old_copy");
    let mut op = office.op(&office.people.hung).await;
    let hidden = office.dossiers.paper_file(&mut op, with.id, kept.id).await.unwrap_err();
    assert_eq!(hidden.code, "dossiers.dossier_not_found");
}

#[tokio::test]
async fn everything_that_is_written_into_a_history_has_words() {
    let office = Office::open().await;
    let (id, _) = in_work(&office).await;
    office
        .act(&office.people.leader, id, "approve", outcome("approve"))
        .await;
    let texts = include_str!("../../../../texts/vi/dossiers.toml");
    let section = texts
        .split("[history.dossiers]")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    for action in office.actions(id).await {
        assert!(section.contains(&format!("\n{action} = ")), "{action}");
    }
}
