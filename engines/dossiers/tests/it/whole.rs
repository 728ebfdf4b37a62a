//! A whole dossier in one request of the API, and what is wrong with one told at once.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, PDF};
use crate::office::{LAN, WARD};

const ADDRESS: &str = "/api/v1/dossiers";

fn answers() -> Value {
    json!({
        "extract_kind": "birth_certificate",
        "whose": "mine",
        "registered_at": { "ward": WARD },
        "registered_year": 1990,
        "record_number": "12",
        "copies": 2,
        "requester_name": "Nguyễn Thị Lan",
        "requester_number": LAN,
        "requester_residence": { "ward": WARD, "detail": "số 5, khu vực 1" },
        "phone": "0912345678",
    })
}

fn dossier(key: &str, answers: Value) -> Value {
    json!({ "key": key, "procedure": "2.000635", "answers": answers, "confirmed": true })
}

/// A request with the JSON part and these files: paper, name, content.
fn body(dossier: &Value, files: &[(&str, &str, &str)]) -> Body {
    let mut text = format!("--edge\r\nContent-Disposition: form-data; name=\"dossier\"\r\n\r\n{dossier}\r\n");
    for (paper, name, content) in files {
        text += &format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{paper}\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
        );
    }
    Body::from(text + "--edge--\r\n")
}

async fn send(api: &Api, token: &str, dossier: &Value, files: &[(&str, &str, &str)]) -> (StatusCode, Value) {
    let kind = "multipart/form-data; boundary=edge";
    let (status, bytes) = api
        .send_as(kind, Method::POST, ADDRESS, token, body(dossier, files))
        .await;
    (status, serde_json::from_slice(&bytes).unwrap())
}

async fn count(api: &Api, table: &str) -> i64 {
    let sql = match table {
        "dossiers.dossier" => "SELECT count(*) FROM dossiers.dossier",
        "files.file" => "SELECT count(*) FROM files.file",
        "forms.draft" => "SELECT count(*) FROM forms.draft",
        "op.outcome" => "SELECT count(*) FROM op.outcome",
        "workflow.instance" => "SELECT count(*) FROM workflow.instance",
        _ => panic!("nobody counts {table} here"),
    };
    sqlx::query_scalar(sql)
        .fetch_one(&api.office.scratch.pool)
        .await
        .unwrap()
}

// shows: R069
#[tokio::test]
async fn a_whole_dossier_in_one_request_is_like_one_from_a_draft() {
    let api = Api::open().await;
    let files = [("old_copy", "bản cũ.pdf", PDF)];
    let (status, answer) = send(&api, "lan", &dossier("yeu-cau-1", answers()), &files).await;
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::CREATED, &json!("H30.29.01-260302-0001")),
        "{answer}"
    );
    let id = answer["id"].as_str().unwrap();
    let (_, view) = api.get(&format!("/api/v1/dossiers/{id}"), "lan").await;
    assert_eq!(
        (&view["status"], &view["owner_name"]),
        (&json!(1), &json!("Nguyễn Thị Lan"))
    );
    assert_eq!(
        (&view["papers"][0]["paper"], &view["papers"][0]["file_name"]),
        (&json!("old_copy"), &json!("bản cũ.pdf"))
    );
    assert_eq!(view["fees"][0]["amount"], json!(16_000));
    let file = view["papers"][0]["file"].as_str().unwrap();
    let path = format!("/api/v1/dossiers/{id}/papers/{file}");
    let (status, bytes) = api.send(Method::GET, &path, "lan", Body::empty()).await;
    assert_eq!((status, bytes.as_slice()), (StatusCode::OK, PDF.as_bytes()));
    assert_eq!(api.office.told(&api.office.people.lan).await, ["dossier_submitted"]);
    assert_eq!(count(&api, "forms.draft").await, 0);

    // The clerk finds it as any other.
    let (_, inbox) = api.get("/api/v1/inbox", "clerk").await;
    assert_eq!(inbox["items"][0]["code"], json!("H30.29.01-260302-0001"));
}

#[tokio::test]
async fn the_json_part_may_come_as_browsers_send_a_blob() {
    let api = Api::open().await;
    let sent = dossier("yeu-cau-1", answers());
    let head = "Content-Disposition: form-data; name=\"dossier\"; filename=\"blob\"\r\nContent-Type: application/json";
    let body = Body::from(format!("--edge\r\n{head}\r\n\r\n{sent}\r\n--edge--\r\n"));
    let kind = "multipart/form-data; boundary=edge";
    let (status, bytes) = api.send_as(kind, Method::POST, ADDRESS, "lan", body).await;
    let answer: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::CREATED, &json!("H30.29.01-260302-0001")),
        "{answer}"
    );
}

#[tokio::test]
async fn who_looks_at_a_paper_is_warned_of_what_its_check_noticed() {
    let api = Api::open().await;
    let acts = PDF.replace("<<>>", "<< /OpenAction << /S /J#61vaScript /JS (app.alert) >> >>");
    let files = [("old_copy", "don.pdf", acts.as_str())];
    let (_, answer) = send(&api, "lan", &dossier("yeu-cau-1", answers()), &files).await;
    let (_, view) = api
        .get(&format!("/api/v1/dossiers/{}", answer["id"].as_str().unwrap()), "clerk")
        .await;
    assert_eq!(view["papers"][0]["warnings"], json!(["pdf_script"]), "{view}");
}

#[tokio::test]
async fn the_same_request_again_is_the_same_dossier_and_the_key_stands_for_no_other() {
    let api = Api::open().await;
    let files = [("old_copy", "a.pdf", PDF)];
    let sent = dossier("yeu-cau-1", answers());
    let (first, again) = tokio::join!(send(&api, "lan", &sent, &files), send(&api, "lan", &sent, &files));
    assert_eq!((first.0, &first), (StatusCode::CREATED, &again));
    assert_eq!(send(&api, "lan", &sent, &files).await, first);
    assert_eq!(
        (count(&api, "dossiers.dossier").await, count(&api, "files.file").await),
        (1, 1)
    );

    let (status, problem) = send(&api, "lan", &sent, &[]).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("op.key_in_use"))
    );
    // Another's key is another's.
    let mut others = answers();
    others["requester_name"] = json!("Trần Văn Hùng");
    let (status, other) = send(&api, "hung", &dossier("yeu-cau-1", others), &[]).await;
    assert_eq!(
        (status, &other["code"]),
        (StatusCode::CREATED, &json!("H30.29.01-260302-0002")),
        "{other}"
    );
}

#[tokio::test]
async fn everything_wrong_is_told_at_once_and_nothing_is_kept() {
    let api = Api::open().await;
    let mut wrong = answers();
    wrong["whose"] = json!("other");
    wrong["copies"] = json!(-1);
    wrong["registered_at"] = json!({ "ward": "99999" });
    wrong["phone"] = json!("12");
    wrong["favourite_colour"] = json!("xanh");
    let files = [
        ("old_copy", "a.pdf", "%PDF-1.4\n1 0 obj\n<<"),
        ("photo", "b.pdf", PDF),
        ("old_copy", "c.pdf", PDF),
    ];
    let (status, problem) = send(&api, "lan", &dossier("yeu-cau-2", wrong.clone()), &files).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("dossiers.incomplete"))
    );
    let mut told: Vec<String> = problem["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| {
            format!(
                "{} {}",
                field["field"].as_str().unwrap(),
                field["code"].as_str().unwrap()
            )
        })
        .collect();
    told.sort();
    let expected = [
        "contact.phone forms.field.phone",
        "favourite_colour forms.field.unknown",
        "how_many.copies forms.field.min",
        "papers.authorisation dossiers.paper_missing",
        "papers.old_copy files.broken_pdf",
        "papers.photo dossiers.paper_unknown",
        "place.registered_at forms.field.ward",
        "subject.subject_name forms.field.required",
    ];
    assert_eq!(told, expected);
    for table in ["dossiers.dossier", "files.file", "op.outcome", "workflow.instance"] {
        assert_eq!(count(&api, table).await, 0, "{table}");
    }
    // Mended, the same key goes on.
    let (status, _) = send(&api, "lan", &dossier("yeu-cau-2", answers()), &[]).await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_no_whole_dossier_is_refused_with_its_reason() {
    let api = Api::open().await;
    let mut unconfirmed = dossier("yeu-cau-3", answers());
    unconfirmed["confirmed"] = json!(false);
    let mut elsewhere = dossier("yeu-cau-3", answers());
    elsewhere["procedure"] = json!("9.999999");
    let cases = [
        ("lan", dossier("ngan", answers()), 422, "dossiers.request_key"),
        ("lan", unconfirmed, 422, "dossiers.not_confirmed"),
        ("lan", elsewhere, 404, "dossiers.not_online"),
        ("lan", json!({ "key": "yeu-cau-3" }), 422, "web.bad_json"),
        ("clerk", dossier("yeu-cau-3", answers()), 403, "web.not_for_you"),
        ("", dossier("yeu-cau-3", answers()), 401, "web.sign_in_first"),
    ];
    for (token, sent, status, code) in cases {
        let (got, problem) = send(&api, token, &sent, &[]).await;
        assert_eq!(
            (got.as_u16(), problem["code"].as_str()),
            (status, Some(code)),
            "{problem}"
        );
    }
    let (status, problem) = api.post(ADDRESS, "lan", dossier("yeu-cau-3", answers())).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("web.bad_form")));
    assert_eq!(count(&api, "dossiers.dossier").await, 0);
}
