//! Writes every component into HTML files, and one letter into a PDF, to look at:
//! `cargo run -p render --example gallery -- DIRECTORY` (default: a folder `gallery` in the temporary directory).
//! The folder gets copies of the built assets, so the pages open from disk.

use std::{error::Error, fs, path::PathBuf};

use render::{Documents, Flash, FlashKind, Locale, PageFrame, PageUser, ProvinceFrame, Renderer, UserKind, qr};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("gallery"), PathBuf::from);
    fs::create_dir_all(&directory)?;
    let assets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/dist");
    for entry in fs::read_dir(assets)? {
        let entry = entry?;
        fs::copy(entry.path(), directory.join(entry.file_name()))?;
    }
    let renderer = Renderer::builder()
        .templates(|| {
            vec![
                (
                    "gallery/citizen.html".into(),
                    include_str!("gallery/citizen.html").into(),
                ),
                (
                    "gallery/officer.html".into(),
                    include_str!("gallery/officer.html").into(),
                ),
            ]
        })
        .build()?;
    for locale in Locale::ALL {
        let mut page = frame(locale);
        write(&renderer, &directory, "citizen", locale, &page)?;
        page.user.kind = UserKind::Official;
        page.path = "/can-bo".into();
        write(&renderer, &directory, "officer", locale, &page)?;
    }
    let code = qr::svg("https://dichvucong.example.vn/kiem-chung/ABCD")?;
    let paper = Documents::new([("sample.typ".to_owned(), include_str!("gallery/sample.typ").to_owned())])?.pdf(
        "sample.typ",
        &json!({"date": "2026-11-23", "owner": "Nguyễn Thị Hường"}),
        Some(&code),
    )?;
    fs::write(directory.join("letter.pdf"), paper)?;
    println!("{}", directory.display());
    Ok(())
}

fn frame(locale: Locale) -> PageFrame {
    PageFrame {
        locale,
        title: None,
        user: PageUser {
            signed_in: true,
            kind: UserKind::Citizen,
            name: "Nguyễn Thị Hường".into(),
            acts_for: String::new(),
            agency_name: "Phòng Tài chính – Kế hoạch huyện Vị Thủy".into(),
            position_title: "Chuyên viên".into(),
            may: [
                "dossiers.take_in",
                "privacy.desk",
                "openid.clients",
                "workflow.save_calendar",
            ]
            .map(str::to_owned)
            .to_vec(),
        },
        unread: 3,
        csrf: "sample".into(),
        path: "/thu-tuc/ho-kinh-doanh".into(),
        province: ProvinceFrame {
            name: "Tỉnh Hậu Giang".into(),
            hotline: "1022".into(),
            emblem: None,
        },
        flash: Some(Flash {
            kind: FlashKind::Success,
            text: "Đã lưu địa điểm kinh doanh.".into(),
        }),
        demo: true,
    }
}

fn write(
    renderer: &Renderer,
    directory: &std::path::Path,
    name: &str,
    locale: Locale,
    page: &PageFrame,
) -> Result<(), Box<dyn Error>> {
    let row = |code: &str, who: &str, status: &str, class: &str, left: &str| json!({"class": class, "cells": [{"text": code, "href": "/can-bo/ho-so/1", "code": true}, who, "Đăng ký thành lập hộ kinh doanh", status, left, "100.000 đ"]});
    let context = json!({
        "page": page,
        "errors": [{"field": "owner.number", "text": "Số định danh phải có đủ 12 số"}, {"field": "staff", "text": "Chọn Có hoặc Không"}],
        "districts": [
            {"code": "934", "name": "Huyện Vị Thủy", "wards": [{"code": "31411", "name": "Xã Vị Thắng"}, {"code": "31414", "name": "Xã Vị Đông"}]},
            {"code": "931", "name": "Thành phố Ngã Bảy", "wards": [{"code": "31340", "name": "Phường Ngã Bảy"}]},
        ],
        "rows": [
            row("H30.26-261112-0004", "Lê Văn Mười", "Đang xử lý", "nb-row--late", "Quá hạn 2 ngày"),
            row("H30.26-261119-0011", "Nguyễn Thị Hường", "Đã tiếp nhận", "nb-row--soon", "Còn 5 giờ"),
            row("H30.26-261120-0002", "Thạch Sô Phia", "Đang xử lý", "", "Còn 3 ngày"),
        ],
    });
    let html = renderer
        .page(&format!("gallery/{name}.html"), locale, &context)?
        .replace("/assets/", "");
    fs::write(directory.join(format!("{name}.{locale}.html")), html)?;
    Ok(())
}
