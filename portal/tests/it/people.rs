//! Registering oneself, the desk that approves, acting for somebody else, and codes from the counter, walked through on a real database.

use axum::http::StatusCode;
use identity::NewPerson;

use crate::{
    office::{NUMBER, Office},
    town::{PASSWORD, between},
};

const HIS: &str = "999192000017";

fn filled<'a>(agency: &'a str, receipt: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("bien_nhan", receipt),
        ("loai", ""),
        ("personal_number", "999 195 000 203"),
        ("full_name", "Đặng Thị Cẩm"),
        ("birth_date.day", "3"),
        ("birth_date.month", "9"),
        ("birth_date.year", "1995"),
        ("phone", "0912 345 679"),
        ("email", ""),
        ("agency", agency),
        ("mat_khau_moi", PASSWORD),
        ("mat_khau_lai", PASSWORD),
    ]
}

/// Number and link of the first line of the desk.
async fn first(office: &Office, login: &str) -> String {
    let page = office.sign_in(login).await.get("/can-bo/dang-ky").await;
    page.is(StatusCode::OK);
    format!(
        "/can-bo/dang-ky/{}",
        between(&page.text, "href=\"/can-bo/dang-ky/", "\"")
    )
}

// shows: R033, R036
#[tokio::test]
async fn somebody_registers_is_approved_by_the_chosen_office_and_signs_in() {
    let office = Office::new().await;
    let stranger = office.stranger().await;
    let page = stranger.get("/dang-ky").await;
    page.is(StatusCode::OK).shows("Đăng ký tài khoản");
    let receipt = page.hidden("bien_nhan");
    let empty = stranger
        .send(&page, "/dang-ky", &[("bien_nhan", &receipt), ("full_name", "Đặng Thị")])
        .await;
    empty
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy chọn ủy ban nhân dân")
        .shows("value=\"Đặng Thị\"");
    let agency = office.office.to_string();
    let sent = stranger.send(&page, "/dang-ky", &filled(&agency, &receipt)).await;
    let at = format!("/dang-ky/{receipt}");
    assert_eq!(sent.location(), format!("{at}?da=registration_asked"));
    // Pressed twice.
    let twice = stranger.send(&page, "/dang-ky", &filled(&agency, &receipt)).await;
    assert_eq!(twice.location(), sent.location());
    stranger
        .get(&at)
        .await
        .is(StatusCode::OK)
        .shows("Đăng ký đang chờ")
        .hides("Đặng Thị Cẩm")
        .hides("999195000203");
    stranger.get("/dang-ky/khong-co").await.is(StatusCode::NOT_FOUND);

    let page = stranger.get("/dang-nhap").await;
    let fields = [("ten", "999195000203"), ("mat_khau", PASSWORD), ("ve", "")];
    stranger
        .send(&page, "/dang-nhap", &fields)
        .await
        .is(StatusCode::FORBIDDEN)
        .shows("chưa được duyệt");

    // Another office sees nothing, and a specialist has no such desk.
    office
        .sign_in("xanh")
        .await
        .get("/can-bo/dang-ky")
        .await
        .shows("Không có đăng ký nào chờ duyệt");
    office
        .sign_in("sen")
        .await
        .get("/can-bo/dang-ky")
        .await
        .is(StatusCode::FORBIDDEN);
    let one = first(&office, "lua").await;
    office.sign_in("xanh").await.get(&one).await.is(StatusCode::NOT_FOUND);
    let clerk = office.sign_in("lua").await;
    let list = clerk.get("/can-bo/dang-ky").await;
    list.shows("********0203").hides("999195000203");
    let found = clerk
        .send(
            &list,
            "/can-bo/dang-ky/tim",
            &[("number", "999195000203"), ("hop", "waiting")],
        )
        .await;
    found.is(StatusCode::OK).shows("Đặng Thị Cẩm");
    let page = clerk.get(&one).await;
    page.is(StatusCode::OK).shows("999195000203").shows("03/09/1995");
    let wordless = clerk.send(&page, &format!("{one}/duyet"), &[("paper", "")]).await;
    wordless
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy ghi loại và số giấy tờ");
    let told = stranger.get(&at).await;
    let check = told
        .text
        .split("id=\"ma-doi-chieu\">")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .unwrap()
        .to_owned();
    let paper = [("paper", "Thẻ căn cước số 999195000203"), ("check", check.as_str())];
    let approved = clerk.send(&page, &format!("{one}/duyet"), &paper).await;
    assert_eq!(approved.location(), "/can-bo/dang-ky?da=registration_approved");
    let twice = clerk.send(&page, &format!("{one}/duyet"), &paper).await;
    assert_eq!(twice.location(), approved.location());
    clerk
        .get("/can-bo/dang-ky?hop=decided")
        .await
        .shows("Đặng Thị Cẩm")
        .shows("Đã duyệt");
    let person = office.sign_in("999195000203").await;
    person.get("/tai-khoan").await.shows("Đặng Thị Cẩm");
    person.get("/hop-thu").await.shows("Tài khoản của bạn đã được duyệt");
    stranger.get(&at).await.shows("Đã duyệt");
}

#[tokio::test]
async fn a_power_of_attorney_is_shown_on_every_page_until_it_is_taken_back() {
    let office = Office::new().await;
    let mut hung = NewPerson::named("Trần Văn Hùng");
    hung.personal_number = Some(HIS.parse().unwrap());
    office.account(&hung, HIS, None).await;
    let lan = office.sign_in("lan").await;
    let page = lan.get("/tai-khoan/lam-thay/uy-quyen").await;
    page.is(StatusCode::OK).shows("Ủy quyền cho người khác");
    let empty = lan
        .send(&page, "/tai-khoan/lam-thay/uy-quyen", &[("name", "Ai Đó")])
        .await;
    empty
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy chọn phạm vi ủy quyền")
        .shows("Ai Đó");
    let fields = [
        ("number", HIS),
        ("name", "Trần Văn Hùng"),
        ("scope", "all"),
        ("from.day", "2"),
        ("from.month", "3"),
        ("from.year", "2026"),
        ("to.day", "9"),
        ("to.month", "3"),
        ("to.year", "2026"),
    ];
    let given = lan.send(&page, "/tai-khoan/lam-thay/uy-quyen", &fields).await;
    assert_eq!(given.location(), "/tai-khoan/lam-thay?da=attorney_given");
    // Pressed twice it is given once.
    lan.send(&page, "/tai-khoan/lam-thay/uy-quyen", &fields).await;
    let own = lan.get("/tai-khoan/lam-thay").await;
    assert_eq!(own.text.matches("Thu hồi, không để Trần Văn Hùng").count(), 1);

    let hung = office.sign_in(HIS).await;
    hung.get("/hop-thu").await.shows("Nguyễn Thị Lan ủy quyền cho bạn");
    let page = hung.get("/tai-khoan/lam-thay").await;
    page.shows("Làm thay Nguyễn Thị Lan").hides("Bạn đang làm thay");
    let id = page.hidden("lam_thay");
    let begun = hung.send(&page, "/tai-khoan/lam-thay", &[("lam_thay", &id)]).await;
    assert_eq!(begun.location(), "/ho-so-cua-toi?da=acting_begun");
    for path in ["/", "/thu-tuc", "/ho-so-cua-toi", "/tai-khoan"] {
        hung.get(path)
            .await
            .is(StatusCode::OK)
            .shows("Bạn đang làm thay <strong>Nguyễn Thị Lan</strong>");
    }
    hung.get("/tai-khoan/lam-thay/uy-quyen").await.is(StatusCode::OK);
    let ended = lan
        .send(&own, "/tai-khoan/lam-thay/ket-thuc", &[("id", &own.hidden("id"))])
        .await;
    assert_eq!(ended.location(), "/tai-khoan/lam-thay?da=acting_ended");
    hung.get("/ho-so-cua-toi").await.hides("Bạn đang làm thay");
    let again = hung.send(&page, "/tai-khoan/lam-thay", &[("lam_thay", &id)]).await;
    again.is(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_clerk_gives_a_code_out_and_the_person_sets_a_password_with_it() {
    let office = Office::new().await;
    let clerk = office.sign_in("lua").await;
    let page = clerk.get("/can-bo/ma-tai-quay").await;
    let wrong = [("number", NUMBER), ("name", "Nguyễn Thị"), ("paper", "Thẻ căn cước")];
    clerk
        .send(&page, "/can-bo/ma-tai-quay", &wrong)
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Không có tài khoản đang dùng nào");
    let right = [
        ("number", NUMBER),
        ("name", "Nguyễn Thị Lan"),
        ("paper", "Thẻ căn cước"),
    ];
    let given = clerk.send(&page, "/can-bo/ma-tai-quay", &right).await;
    given.is(StatusCode::OK).shows("Mã đã cấp");
    let code = between(&given.text, "nb-panel__code\">", "<");
    office
        .sign_in("sen")
        .await
        .get("/can-bo/ma-tai-quay")
        .await
        .is(StatusCode::FORBIDDEN);

    let stranger = office.stranger().await;
    let page = stranger.get("/dang-nhap/ma-tai-quay").await;
    let fields = |code: &str| {
        [
            ("ten", "lan"),
            ("mat_khau.quay", code),
            ("mat_khau_moi", "câu mới bên con rạch"),
            ("mat_khau_lai", "câu mới bên con rạch"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let wrong = fields("8AB2-M4XD-9TRA");
    let wrong: Vec<(&str, &str)> = wrong
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    stranger
        .send(&page, "/dang-nhap/ma-tai-quay", &wrong)
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Mã không đúng")
        .hides("8AB2");
    let right = fields(&code);
    let right: Vec<(&str, &str)> = right
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let set = stranger.send(&page, "/dang-nhap/ma-tai-quay", &right).await;
    assert_eq!(set.location(), "/dang-nhap?da=password_by_code");
    let page = stranger.get("/dang-nhap").await;
    let entered = stranger
        .send(
            &page,
            "/dang-nhap",
            &[("ten", "lan"), ("mat_khau", "câu mới bên con rạch"), ("ve", "")],
        )
        .await;
    entered.is(StatusCode::SEE_OTHER);
}

const TAX: &str = "6300000019";

/// The words of the receipt that a page of asking carries.
async fn asks(office: &Office, login: &str, kind: &str) {
    let browser = office.sign_in(login).await;
    let page = browser.get(&format!("/tai-khoan/lam-thay/de-nghi?loai={kind}")).await;
    let (receipt, agency) = (page.hidden("bien_nhan"), office.office.to_string());
    let fields = [
        ("bien_nhan", receipt.as_str()),
        ("loai", kind),
        ("full_name", "Hợp tác xã Bông Súng"),
        ("tax_number", TAX),
        ("paper", "Giấy chứng nhận đăng ký hợp tác xã"),
        ("agency", agency.as_str()),
    ];
    let sent = browser.send(&page, "/tai-khoan/lam-thay/de-nghi", &fields).await;
    assert_eq!(sent.location(), "/tai-khoan/lam-thay?da=standing_asked");
    op::drain(&office.ops, &office.engines.jobs()).await.unwrap();
}

// shows: R032, R037
#[tokio::test]
async fn a_new_director_takes_the_place_of_the_former_who_has_objected() {
    let office = Office::new().await;
    for (name, number) in [("Trần Văn Hùng", HIS), ("Phạm Thị Phù", "999190000033")] {
        let mut person = NewPerson::named(name);
        person.personal_number = Some(number.parse().unwrap());
        office.account(&person, number, None).await;
    }
    let paper = ("paper", "Giấy chứng nhận số 63-0001");
    asks(&office, HIS, "organisation").await;
    let one = first(&office, "lua").await;
    let clerk = office.sign_in("lua").await;
    let page = clerk.get(&one).await;
    page.hides("đang có người đại diện khác");
    clerk.send(&page, &format!("{one}/duyet"), &[paper]).await;

    // One of its people: the director is asked, and agrees.
    asks(&office, "lan", "member").await;
    let hung = office.sign_in(HIS).await;
    hung.get("/hop-thu")
        .await
        .shows("Nguyễn Thị Lan đề nghị làm thay Hợp tác xã Bông Súng");
    let page = hung.get("/tai-khoan/lam-thay").await;
    page.shows("Nguyễn Thị Lan đề nghị làm thay")
        .shows("Đồng ý để Nguyễn Thị Lan làm thay");
    let one = first(&office, "lua").await;
    let desk = clerk.get(&one).await;
    // While he can answer the page says until when, and has no form to approve; asked all the same, nothing is approved.
    desk.shows("chưa trả lời")
        .shows("còn chờ ý kiến của 1 người liên quan, đến hết ngày 05/03/2026")
        .hides("name=\"paper\"");
    clerk
        .send(&desk, &format!("{one}/duyet"), &[paper, ("seen", "true")])
        .await
        .is(StatusCode::CONFLICT)
        .shows("Họ có thời hạn đến hết ngày 05/03/2026");
    office.scratch.clock.advance(chrono::Duration::days(4));
    let clerk = office.sign_in("lua").await;
    let desk = clerk.get(&one).await;
    desk.shows("chưa trả lời")
        .hides("còn chờ ý kiến")
        .shows("văn bản do người đại diện theo pháp luật ký");
    clerk
        .send(&desk, &format!("{one}/duyet"), &[paper])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Chưa có người đại diện theo pháp luật nào đồng ý")
        .shows("63-0001");
    let id = one.trim_start_matches("/can-bo/dang-ky/").to_owned();
    let answer = |agrees: &'static str, id: String| [("id".to_owned(), id), ("dong_y".to_owned(), agrees.to_owned())];
    let said = answer("1", id);
    let said: Vec<(&str, &str)> = said
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let agreed = hung.send(&page, "/tai-khoan/lam-thay/tra-loi", &said).await;
    assert_eq!(agreed.location(), "/tai-khoan/lam-thay?da=standing_agreed");
    let desk = clerk.get(&one).await;
    desk.shows("đồng ý lúc");
    let approved = clerk.send(&desk, &format!("{one}/duyet"), &[paper]).await;
    assert_eq!(approved.location(), "/can-bo/dang-ky?da=registration_approved");

    // A new director asks; the present one hears it, and objects.
    asks(&office, "999190000033", "organisation").await;
    let page = hung.get("/tai-khoan/lam-thay").await;
    page.shows("Phạm Thị Phù đề nghị làm người đại diện theo pháp luật của Hợp tác xã Bông Súng");
    let one = first(&office, "lua").await;
    let said = answer("0", one.trim_start_matches("/can-bo/dang-ky/").to_owned());
    let said: Vec<(&str, &str)> = said
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    hung.send(&page, "/tai-khoan/lam-thay/tra-loi", &said).await;
    hung.get("/tai-khoan/lam-thay").await.shows("Bạn đã không đồng ý");
    let desk = clerk.get(&one).await;
    desk.shows("đang có người đại diện khác")
        .shows("KHÔNG đồng ý")
        .shows("còn đại diện cho tổ chức không");
    let refused = clerk
        .send(&desk, &format!("{one}/duyet"), &[paper, ("seen", "true")])
        .await;
    refused
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy cho biết Trần Văn Hùng còn đại diện");
    let former = between(&desk.text, "name=\"former.", "\"");
    let former = format!("former.{former}");
    let fields = [paper, ("seen", "true"), (former.as_str(), "ends")];
    desk.shows("cần hai cán bộ");
    let seen = clerk.send(&desk, &format!("{one}/duyet"), &fields).await;
    assert_eq!(seen.location(), "/can-bo/dang-ky?da=registration_seen");
    clerk.get(seen.location()).await.shows("Cần thêm một cán bộ khác");
    clerk
        .get(&one)
        .await
        .shows("Bạn đã đối chiếu giấy tờ")
        .hides("name=\"paper\"");
    let second = office.sign_in("man").await;
    let desk = second.get(&one).await;
    desk.shows("Trần Văn Lúa đã đối chiếu giấy tờ").shows("63-0001");
    let approved = second.send(&desk, &format!("{one}/duyet"), &fields).await;
    assert_eq!(approved.location(), "/can-bo/dang-ky?da=registration_approved");
    hung.get("/hop-thu")
        .await
        .shows("Bạn thôi đại diện Hợp tác xã Bông Súng");
    hung.get("/tai-khoan/lam-thay")
        .await
        .shows("đã kết thúc")
        .hides("Làm thay Hợp tác xã Bông Súng</button>");

    // The new one sees the people of the cooperative while acting for it, and sends one away.
    let phu = office.sign_in("999190000033").await;
    let page = phu.get("/tai-khoan/lam-thay").await;
    let id = page.hidden("lam_thay");
    phu.send(&page, "/tai-khoan/lam-thay", &[("lam_thay", &id)]).await;
    let page = phu.get("/tai-khoan/lam-thay").await;
    page.shows("Thu hồi, không để Nguyễn Thị Lan làm thay");
}

// shows: R033
#[tokio::test]
async fn what_one_is_asked_about_comes_in_pages() {
    let office = Office::new().await;
    for (name, number) in [("Trần Văn Hùng", HIS), ("Phạm Thị Phù", "999190000033")] {
        let mut person = NewPerson::named(name);
        person.personal_number = Some(number.parse().unwrap());
        office.account(&person, number, None).await;
    }
    asks(&office, HIS, "organisation").await;
    let one = first(&office, "lua").await;
    let clerk = office.sign_in("lua").await;
    let page = clerk.get(&one).await;
    clerk
        .send(&page, &format!("{one}/duyet"), &[("paper", "Giấy chứng nhận")])
        .await;
    asks(&office, "lan", "organisation").await;
    asks(&office, "999190000033", "organisation").await;
    let hung = office.sign_in(HIS).await;
    let newest = hung.get("/tai-khoan/lam-thay?so=1").await;
    newest
        .shows("Phạm Thị Phù đề nghị làm")
        .shows("bạn có đến hết ngày 05/03/2026")
        .hides("Nguyễn Thị Lan đề nghị làm");
    let next = between(&newest.text, "href=\"/tai-khoan/lam-thay?", "\"").replace("&amp;", "&");
    let older = hung.get(&format!("/tai-khoan/lam-thay?{next}")).await;
    older
        .shows("Nguyễn Thị Lan đề nghị làm")
        .hides("Phạm Thị Phù đề nghị làm");
}

// shows: R074
#[tokio::test]
async fn the_link_of_a_message_about_a_case_of_another_leads_to_choosing_for_whom_to_act() {
    let office = Office::new().await;
    let mut hung = NewPerson::named("Trần Văn Hùng");
    hung.personal_number = Some(HIS.parse().unwrap());
    office.account(&hung, HIS, None).await;
    let case = uuid::Uuid::now_v7();
    let hung = office.sign_in(HIS).await;
    let link = format!("/ho-so-cua-toi/{case}");
    hung.get(&link).await.is(StatusCode::NOT_FOUND);
    let lan = office.sign_in("lan").await;
    let page = lan.get("/tai-khoan/lam-thay/uy-quyen").await;
    let fields = [
        ("number", HIS),
        ("name", "Trần Văn Hùng"),
        ("scope", "all"),
        ("from.day", "2"),
        ("from.month", "3"),
        ("from.year", "2026"),
        ("to.day", "9"),
        ("to.month", "3"),
        ("to.year", "2026"),
    ];
    lan.send(&page, "/tai-khoan/lam-thay/uy-quyen", &fields).await;
    lan.get("/hop-thu").await.shows("Bạn vừa ủy quyền cho Trần Văn Hùng");
    let led = hung.get(&link).await;
    assert_eq!(led.location(), format!("/tai-khoan/lam-thay?ho_so={case}"));
    let page = hung.get(led.location()).await;
    page.shows("Hãy chọn làm thay chủ hồ sơ");
    let (id, kept) = (page.hidden("lam_thay"), page.hidden("ho_so"));
    let begun = hung
        .send(&page, "/tai-khoan/lam-thay", &[("lam_thay", &id), ("ho_so", &kept)])
        .await;
    assert_eq!(begun.location(), format!("{link}?da=acting_begun"));
    // Acting for her it is still no case of hers.
    hung.get(&link).await.is(StatusCode::NOT_FOUND);
    let elsewhere = hung
        .send(
            &page,
            "/tai-khoan/lam-thay",
            &[("lam_thay", &id), ("ho_so", "//xa.example")],
        )
        .await;
    assert_eq!(elsewhere.location(), "/ho-so-cua-toi?da=acting_begun");
}
