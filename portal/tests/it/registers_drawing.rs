//! A register from an empty page: how many presses it takes, and what stands there afterwards.

use axum::http::{StatusCode, header};
use identity::AgencyLevel;
use kernel::Actor;
use registry::definition::RecordDefinition;
use schema::Problems;

use crate::town::{Browser, Reply, Town, agency, between};

const PATH: &str = "/can-bo/tu-lap-co-so-du-lieu";

async fn town() -> Town {
    let town = Town::new().await;
    let mut op = town.ops.open(Actor::System("province")).await.unwrap();
    // In the organisations of the province this is SXD.
    let organisations = town.engines.registry.organisations();
    let code = organisations
        .iter()
        .find(|own| own.code == "SXD")
        .unwrap()
        .agency
        .clone();
    let mut new = agency(&code, AgencyLevel::Province, "Sở Xây dựng", "93");
    new.area_code = None;
    let builders = town.engines.identity.upsert_agency(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();
    town.official_of(builders, "Võ Văn Dũng", "dung", &["specialist"]).await;
    town.official("Phạm Thị Quản", "quan", &["admin"]).await;
    town.official("Lý Văn Trị", "tri", &["admin"]).await;
    town
}

/// What a browser would send back of the drawing: every control of its form, with what stands in it.
fn controls(page: &Reply) -> Vec<(String, String)> {
    let text = between(&page.text, "id=\"ve\"", "</form>");
    let mut pairs = Vec::new();
    let attribute = |tag: &str, name: &str| {
        let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        let value = tag[start..].split('"').next()?;
        Some(unescaped(value))
    };
    for part in text.split('<').skip(1) {
        let (tag, inner) = part.split_once('>').unwrap_or((part, ""));
        let Some(name) = attribute(tag, "name") else { continue };
        if name == "_csrf" || name == "do" {
            continue;
        }
        if tag.starts_with("input") {
            let kind = attribute(tag, "type").unwrap_or_default();
            if !matches!(kind.as_str(), "checkbox" | "radio") || tag.contains(" checked") {
                pairs.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        } else if tag.starts_with("textarea") {
            pairs.push((name, unescaped(inner.trim_start_matches('\n'))));
        } else if tag.starts_with("select") {
            pairs.push((name, String::new()));
        }
    }
    // What is chosen in lists.
    for (name, value) in &mut pairs {
        let Some(list) = text.split("<select").skip(1).find(|list| {
            list.split('>')
                .next()
                .unwrap_or_default()
                .contains(&format!(" name=\"{name}\""))
        }) else {
            continue;
        };
        let list = list.split("</select>").next().unwrap();
        let chosen = list
            .split("<option")
            .skip(1)
            .find(|option| option.contains(" selected"));
        let chosen = chosen.or_else(|| list.split("<option").nth(1)).unwrap_or_default();
        *value = unescaped(&between(chosen, "value=\"", "\""));
    }
    pairs
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Types over what stands there, and presses a button.
async fn press(browser: &Browser<'_>, page: &Reply, id: &str, act: &str, typed: &[(&str, &str)]) -> Reply {
    let mut pairs = controls(page);
    for (name, value) in typed {
        match pairs.iter_mut().find(|(own, _)| own == name) {
            Some(own) => own.1 = (*value).to_owned(),
            None => pairs.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    pairs.push(("do".to_owned(), act.to_owned()));
    let fields: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let sent = browser.send(page, &format!("{PATH}/{id}"), &fields).await;
    match sent.status {
        StatusCode::SEE_OTHER => browser.get(sent.location()).await,
        _ => sent,
    }
}

fn id_of(page: &Reply) -> String {
    between(&page.text, &format!("method=\"post\" action=\"{PATH}/"), "\"")
}

/// Five presses and what is typed: from the empty page to a register with form, list, API and import.
#[tokio::test]
async fn from_an_empty_page_to_a_register_in_force() {
    let town = town().await;
    let admin = town.sign_in("quan").await;
    let mut presses = 0;
    // 1: the page, from the menu.
    let page = admin.get(PATH).await;
    presses += 1;
    page.is(StatusCode::OK).shows("Bắt đầu vẽ").shows("Sở Xây dựng");
    // 2: the agency is chosen; 3: begin.
    let typed = [
        ("vi", "Cầu dân sinh"),
        ("owner", "SXD"),
        (
            "lines",
            "Mã cầu\nTên cầu\n* Xã, phường\nChiều dài\nNgày khánh thành\nTình trạng",
        ),
    ];
    let begun = admin.send(&page, PATH, &typed).await;
    presses += 2;
    let page = admin.get(begun.location()).await;
    page.is(StatusCode::OK).shows("Đã tạo bản vẽ");
    let id = id_of(&page);
    // The types are guessed; only the choices are missing: that is told in its place, and the form of the rest stands beside it.
    page.shows("Còn 1 chỗ chưa đúng")
        .shows("Ô 6 (Tình trạng)")
        .shows("name=\"v.ten_cau\"")
        .hides("v.tinh_trang")
        .hides("Đưa vào áp dụng<");
    let pairs = controls(&page);
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(value("f.2.type"), Some("area"));
    assert_eq!(value("f.3.type"), Some("number"));
    assert_eq!(value("f.4.type"), Some("date"));
    assert_eq!(value("f.5.type"), Some("choice"));
    assert_eq!(value("record"), Some("cau_dan_sinh"));
    assert_eq!(value("title"), Some("1"));
    // 4: save, with the choices typed.
    let page = press(&admin, &page, &id, "save", &[("f.5.options", "Tốt\nHư hỏng | hong")]).await;
    presses += 1;
    page.shows("Khai báo đúng")
        .shows("Cơ sở dữ liệu mới với 6 ô")
        .shows("name=\"v.tinh_trang\"")
        .shows("Hư hỏng")
        .shows("record: cau_dan_sinh");
    // A row may be tried, and nothing of it stays; what was typed beside it is kept.
    let wrong = [("v.ma_cau", "C1"), ("v.chieu_dai", "dài"), ("basis", "15/2025/QĐ-UBND")];
    let page = press(&admin, &page, &id, "try", &wrong).await;
    page.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Không phải là số")
        .shows("Hãy điền ô này")
        .shows("value=\"dài\"")
        .shows("15/2025/QĐ-UBND");
    let right = [
        ("v.chieu_dai", "12"),
        ("v.ten_cau", "Cầu Ba Láng"),
        ("v.xa_phuong.ward", "31340"),
        ("v.tinh_trang", "tot"),
    ];
    let page = press(&admin, &page, &id, "try", &right).await;
    page.is(StatusCode::OK).shows("Bản ghi thử đúng").shows("Tốt");
    // Another press keeps what was typed to be tried.
    let page = press(&admin, &page, &id, "add", &[]).await;
    page.is(StatusCode::OK).shows("Cầu Ba Láng").shows("id=\"o-7\"");
    let page = press(&admin, &page, &id, "remove.6", &[]).await;
    page.shows("Khai báo đúng");
    let file = admin.get(&format!("{PATH}/{id}/khai-bao")).await;
    assert!(
        file.headers[header::CONTENT_DISPOSITION]
            .to_str()
            .unwrap()
            .contains("cau_dan_sinh.record.yaml")
    );
    let mut problems = Problems::new();
    let read = RecordDefinition::read("cau_dan_sinh.record.yaml", &file.text, &mut problems).unwrap();
    assert!(problems.is_empty(), "{problems}");
    // 5: put into force.
    let done = press(&admin, &page, &id, "publish", &[]).await;
    presses += 1;
    assert_eq!(presses, 5);
    done.is(StatusCode::OK).shows("Cơ sở dữ liệu đã được áp dụng");
    // Pressed twice it is one register, and both presses tell so; typed on in a page from before, nothing is lost.
    press(&admin, &page, &id, "publish", &[])
        .await
        .shows("Cơ sở dữ liệu đã được áp dụng");
    press(&admin, &page, &id, "save", &[]).await.shows("đang được áp dụng");
    let late = press(&admin, &page, &id, "save", &[("f.0.help", "Ghi trên biển cầu")]).await;
    late.shows("được giữ trong bản vẽ mới")
        .shows("Ghi trên biển cầu")
        .shows("Sửa ô: Mã cầu");
    let late = format!("{PATH}/{}/bo", id_of(&late));
    let list = admin.get(PATH).await;
    admin.send(&list, &late, &[]).await.location();
    // Form, list, import and API are there.
    let owner = town.sign_in("dung").await;
    let desk = "/can-bo/co-so-du-lieu/cau_dan_sinh";
    let form = owner.get(&format!("{desk}/moi")).await;
    form.is(StatusCode::OK).shows("Tên cầu");
    let (once, version) = (form.hidden("once"), form.hidden("version"));
    let fields = [
        ("once", once.as_str()),
        ("version", version.as_str()),
        ("v.ma_cau", "C1"),
        ("v.ten_cau", "Cầu Ba Láng"),
        ("v.xa_phuong.ward", "31340"),
        ("valid_from", "01/01/2025"),
    ];
    owner.send(&form, &format!("{desk}/moi"), &fields).await.location();
    owner.get(desk).await.shows("Cầu Ba Láng");
    owner.get(&format!("{desk}/nhap")).await.is(StatusCode::OK);
    // The API asks for a token, not for a cookie: it names the register to everybody, its records to nobody who has none.
    owner
        .get("/api/v1/registers?q=cau+dan+sinh")
        .await
        .is(StatusCode::OK)
        .shows("cau_dan_sinh");
    owner
        .get("/api/v1/registers/cau_dan_sinh/records")
        .await
        .is(StatusCode::NOT_FOUND);
    let again = admin.get(&format!("{PATH}/khai-bao/cau_dan_sinh")).await;
    let again = RecordDefinition::read("x", &again.text, &mut problems).unwrap();
    assert_eq!(again, read);

    // Later a field is added: its records stay.
    let list = admin.get(PATH).await;
    let sent = admin
        .send(&list, &format!("{PATH}/sua"), &[("register", "cau_dan_sinh")])
        .await;
    let page = admin.get(sent.location()).await;
    page.shows("Khai báo đúng và đang áp dụng").hides("Đưa vào áp dụng<");
    let id = id_of(&page);
    let page = press(&admin, &page, &id, "add", &[]).await;
    let page = press(
        &admin,
        &page,
        &id,
        "save",
        &[("f.6.vi", "Ghi chú"), ("f.6.type", "long_text")],
    )
    .await;
    page.shows("Thêm ô: Ghi chú");
    press(&admin, &page, &id, "publish", &[])
        .await
        .shows("Cơ sở dữ liệu đã được áp dụng");
    owner.get(&format!("{desk}/moi")).await.shows("Ghi chú");
    owner.get(desk).await.shows("Cầu Ba Láng");
    // Taking away what has values is refused with the reason.
    let sent = admin
        .send(&list, &format!("{PATH}/sua"), &[("register", "cau_dan_sinh")])
        .await;
    let page = admin.get(sent.location()).await;
    let id = id_of(&page);
    let page = press(&admin, &page, &id, "remove.1", &[("title", "0")]).await;
    page.shows("sẽ mất dữ liệu")
        .shows("Tên cầu đang có giá trị")
        .hides("Đưa vào áp dụng<");
    // Pressed all the same (from another page) it is refused, and told.
    press(&admin, &page, &id, "publish", &[])
        .await
        .is(StatusCode::CONFLICT)
        .shows("Tên cầu đang có giá trị");
}

#[tokio::test]
async fn fields_are_added_moved_and_removed_without_a_script() {
    let town = town().await;
    let admin = town.sign_in("quan").await;
    let page = admin.get(PATH).await;
    let empty = admin.send(&page, PATH, &[("vi", " "), ("lines", "Một")]).await;
    empty
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy ghi tên cơ sở dữ liệu")
        .shows("Một");
    let begun = admin.send(&page, PATH, &[("vi", "Sổ tay"), ("owner", "SXD")]).await;
    let page = admin.get(begun.location()).await;
    let id = id_of(&page);
    let page = press(
        &admin,
        &page,
        &id,
        "lines",
        &[("lines", "Mã\nTên\nHọ tên người phụ trách\nSố điện thoại")],
    )
    .await;
    let names = |page: &Reply| -> Vec<String> {
        let pairs = controls(page);
        let vi = pairs
            .iter()
            .filter(|(name, _)| name.starts_with("f.") && name.ends_with(".vi"));
        vi.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(names(&page), ["Mã", "Tên", "Họ tên người phụ trách", "Số điện thoại"]);
    page.shows("Khai báo đúng");
    let page = press(&admin, &page, &id, "down.0", &[]).await;
    assert_eq!(names(&page), ["Tên", "Mã", "Họ tên người phụ trách", "Số điện thoại"]);
    let page = press(&admin, &page, &id, "up.3", &[]).await;
    let page = press(&admin, &page, &id, "remove.3", &[]).await;
    assert_eq!(names(&page), ["Tên", "Mã", "Số điện thoại"]);
    // Everything that is wrong is told at once, each with its control.
    let wrong = [
        ("f.0.field", "Tên Có Dấu"),
        ("f.1.type", "number"),
        ("f.1.min", "9"),
        ("f.1.max", "1"),
        ("f.2.class", "public"),
        ("f.2.type", "person"),
        ("owner", ""),
        ("more", "rules: ["),
    ];
    let page = press(&admin, &page, &id, "save", &wrong).await;
    for text in [
        "Ô 1 (Tên), mã: mã chỉ gồm chữ thường",
        "lớn nhất nhỏ hơn nhỏ nhất",
        "Cơ quan chủ quản: hãy",
        "Số định danh cá nhân phải thuộc loại dữ liệu cá nhân",
        "Phần viết theo ngữ pháp",
    ] {
        page.shows(text);
    }
    page.shows("Tên Có Dấu").hides("Đưa vào áp dụng").hides("<script>alert");
    // What somebody types is text, wherever it stands.
    let nasty = [("f.0.vi", "<script>alert(1)</script>"), ("f.0.field", ""), ("more", "")];
    press(&admin, &page, &id, "save", &nasty).await.hides("<script>alert");
    // Another administrator has drawings of their own.
    let other = town.sign_in("tri").await;
    let gone = other.get(&format!("{PATH}/{id}")).await;
    other.get(gone.location()).await.shows("Bản vẽ này không còn");
    other
        .get(&format!("{PATH}/{id}/khai-bao"))
        .await
        .is(StatusCode::NOT_FOUND);
    other.get(PATH).await.hides("Sổ tay");
    let clerk = town.sign_in("dung").await;
    clerk.get(PATH).await.is(StatusCode::FORBIDDEN);
    let page = admin.get(&format!("{PATH}/{id}")).await;
    let gone = admin.send(&page, &format!("{PATH}/{id}/bo"), &[]).await;
    admin.get(gone.location()).await.shows("Đã bỏ bản vẽ").hides("Sổ tay");
}

#[tokio::test]
async fn a_second_window_is_told_and_nothing_is_written_over() {
    let town = town().await;
    let admin = town.sign_in("quan").await;
    let page = admin.get(PATH).await;
    let typed = [
        ("vi", "Sổ tay"),
        ("owner", "SXD"),
        ("lines", "Mã\nTên\nTình trạng: Tốt, Hỏng"),
    ];
    let begun = admin.send(&page, PATH, &typed).await;
    let first = admin.get(begun.location()).await;
    first.shows("Khai báo đúng");
    let id = id_of(&first);
    let second = admin.get(&format!("{PATH}/{id}")).await;
    press(&admin, &first, &id, "add", &[]).await.shows("id=\"o-4\"");
    // The same press again finds it done.
    let page = press(&admin, &first, &id, "add", &[]).await;
    page.is(StatusCode::OK).shows("id=\"o-4\"").hides("id=\"o-5\"");
    let late = press(&admin, &second, &id, "save", &[("f.1.vi", "Tên gọi")]).await;
    late.is(StatusCode::CONFLICT)
        .shows("đã được sửa ở cửa sổ khác")
        .shows("Tên gọi")
        .hides("id=\"o-4\"");
    admin
        .get(&format!("{PATH}/{id}"))
        .await
        .hides("Tên gọi")
        .shows("id=\"o-4\"");
    // Whoever presses again means it.
    let page = press(&admin, &late, &id, "save", &[]).await;
    page.is(StatusCode::OK).shows("Tên gọi").hides("id=\"o-4\"");
    // Two draw on one register: whoever comes second sees what is in force now before it changes.
    press(&admin, &page, &id, "publish", &[]).await.shows("đã được áp dụng");
    let other = town.sign_in("tri").await;
    let mut drawings = Vec::new();
    for browser in [&admin, &other] {
        let list = browser.get(PATH).await;
        let sent = browser
            .send(&list, &format!("{PATH}/sua"), &[("register", "so_tay")])
            .await;
        let page = browser.get(sent.location()).await;
        let id = id_of(&page);
        let page = press(browser, &page, &id, "lines", &[("lines", "Ghi chú")]).await;
        drawings.push((id, page));
    }
    let (id, page) = &drawings[0];
    press(&admin, page, id, "publish", &[]).await.shows("đã được áp dụng");
    let (id, page) = &drawings[1];
    let late = press(
        &other,
        page,
        id,
        "publish",
        &[("f.3.vi", "Nhận xét"), ("f.3.field", "nhan_xet")],
    )
    .await;
    late.is(StatusCode::CONFLICT)
        .shows("đã được áp dụng một bản khác")
        .shows("Thêm ô: Nhận xét")
        .shows("Bỏ ô: Ghi chú");
    press(&other, &late, id, "publish", &[])
        .await
        .shows("Cơ sở dữ liệu đã được áp dụng");
}

#[tokio::test]
async fn nobody_else_publishes() {
    let town = town().await;
    town.official("Trần Thị Lãnh", "lanh", &["leader"]).await;
    town.citizen("Nguyễn Văn Dân", "dan").await;
    let admin = town.sign_in("quan").await;
    let page = admin.get(PATH).await;
    let typed = [("vi", "Sổ tay"), ("owner", "SXD"), ("lines", "Mã\nTên")];
    let begun = admin.send(&page, PATH, &typed).await;
    let page = admin.get(begun.location()).await;
    let id = id_of(&page);
    let pairs = controls(&page);
    let mut fields: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    fields.push(("do", "publish"));
    let drawing = format!("{PATH}/{id}");
    for login in ["dung", "lanh", "dan"] {
        let browser = town.sign_in(login).await;
        let home = browser.get("/tai-khoan").await;
        home.hides(PATH);
        for path in [PATH.to_owned(), drawing.clone(), format!("{drawing}/khai-bao")] {
            assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "{login} {path}");
        }
        for path in [
            PATH.to_owned(),
            drawing.clone(),
            format!("{drawing}/bo"),
            format!("{PATH}/sua"),
        ] {
            let sent = browser.send(&home, &path, &fields).await;
            assert_eq!(sent.status, StatusCode::FORBIDDEN, "{login} {path}");
        }
    }
    // Another administrator has the right, but not the drawing: what they send becomes a drawing of their own, and no register.
    let other = town.sign_in("tri").await;
    let home = other.get(PATH).await;
    let sent = other.send(&home, &drawing, &fields).await;
    other.get(sent.location()).await.shows("bản vẽ mới");
    admin
        .get("/can-bo/co-so-du-lieu/so_tay")
        .await
        .is(StatusCode::NOT_FOUND);
    let menu = admin.get("/can-bo/co-so-du-lieu").await;
    menu.is(StatusCode::OK).shows(PATH);
    town.sign_in("dung")
        .await
        .get("/can-bo/co-so-du-lieu")
        .await
        .hides(PATH);
}
