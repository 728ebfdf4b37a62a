//! What the tests share: a store in a scratch folder, and contents made on the spot.

use std::{
    convert::Infallible,
    io::{Cursor, Write},
    path::PathBuf,
};

use bytes::Bytes;
use files::{Accept, FileView, Files, Limits, NewFile};
use futures::{Stream, stream};
use kernel::{Actor, Result};
use testkit::Scratch;
use zip::write::SimpleFileOptions;

pub struct House {
    pub scratch: Scratch,
    pub files: Files,
}

pub async fn house() -> House {
    house_with(Limits::default()).await
}

pub async fn house_with(limits: Limits) -> House {
    let scratch = Scratch::new(&[files::MIGRATIONS]).await;
    let files = Files::new(scratch.directory().join("files"), limits);
    House { scratch, files }
}

pub const ACTOR: Actor = Actor::System("test");

pub fn new_file(name: &str, accept: Accept) -> NewFile<'static> {
    NewFile {
        name: name.to_owned(),
        purpose: "paper:birth_proof",
        holder: "draft:1".to_owned(),
        accept,
    }
}

pub fn chunks(content: &[u8]) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
    let parts: Vec<_> = content
        .chunks(1000)
        .map(|part| Ok(Bytes::copy_from_slice(part)))
        .collect();
    stream::iter(parts)
}

impl House {
    /// Stores and commits.
    pub async fn put(&self, name: &str, accept: Accept, content: &[u8]) -> Result<FileView> {
        let mut op = self.scratch.ops.open(ACTOR).await?;
        let view = self
            .files
            .store(&mut op, new_file(name, accept), chunks(content))
            .await?;
        op.commit().await?;
        Ok(view)
    }

    /// The code with which an upload is refused; nothing may be left of it.
    pub async fn refusal(&self, name: &str, accept: Accept, content: &[u8]) -> &'static str {
        let code = self.put(name, accept, content).await.expect_err("refused").code;
        assert_eq!(self.on_disk(), Vec::<PathBuf>::new(), "{name}: nothing stays");
        code
    }

    pub fn address(&self, view: &FileView) -> PathBuf {
        self.scratch
            .directory()
            .join("files")
            .join(&view.sha256[..2])
            .join(&view.sha256[2..4])
            .join(&view.sha256)
    }

    /// Every file in the store's folder, also unfinished ones.
    pub fn on_disk(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.scratch.directory().join("files")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    found.push(path)
                }
            }
        }
        found
    }
}

pub fn png() -> Vec<u8> {
    picture(image::ImageFormat::Png)
}

pub fn jpeg() -> Vec<u8> {
    picture(image::ImageFormat::Jpeg)
}

fn picture(format: image::ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([(x * 4) as u8, (y * 5) as u8, (x * y) as u8]));
    pixels.write_to(&mut out, format).expect("encodes");
    out.into_inner()
}

pub fn pdf(extra: &str) -> Vec<u8> {
    format!("%PDF-1.4\n1 0 obj\n<< /Type /Catalog {extra} >>\nendobj\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n")
        .into_bytes()
}

/// An archive of these parts.
pub fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a part");
        writer.write_all(content).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

pub fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", b"<document/>"),
    ];
    parts.extend_from_slice(more);
    archive(&parts)
}
