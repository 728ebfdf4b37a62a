use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

use super::{DocumentFault, bytes};

/// The families that papers may use; both ship inside the binary.
const FAMILIES: [&str; 2] = ["Libertinus Serif", "DejaVu Sans Mono"];

/// Every lower-case letter of Vietnamese, and the signs of official papers. A face that lacks one (Libertinus Serif
/// Bold Italic has no ơ) is left out, so that the nearest whole face is used instead of a missing mark.
const LETTERS: &str = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ–“”…";

struct Fonts {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    let fonts: Vec<Font> = typst_assets::fonts()
        .flat_map(|data| Font::iter(Bytes::new(data)))
        .filter(|font| FAMILIES.contains(&font.info().family.as_str()) && whole(font))
        .collect();
    Fonts {
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
    }
});

/// Whether some face can show the character. PDF/A allows no empty boxes, so a picture sign or a letter of a script without a
/// face, typed into a form, would otherwise make the whole paper fail.
pub(super) fn printable(letter: char) -> bool {
    letter == '\n'
        || FONTS
            .fonts
            .iter()
            .any(|font| font.info().coverage.contains(letter as u32))
}

fn whole(font: &Font) -> bool {
    let letters = LETTERS.chars().chain(LETTERS.chars().flat_map(char::to_uppercase));
    letters
        .into_iter()
        .all(|letter| font.info().coverage.contains(letter as u32))
}

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// The world of one paper: a few virtual files and nothing else.
pub(super) struct PaperWorld {
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
}

impl PaperWorld {
    pub(super) fn new(
        templates: &BTreeMap<String, String>,
        main: &str,
        data: String,
        qr_svg: Option<String>,
    ) -> Result<Self, DocumentFault> {
        let mut sources = HashMap::new();
        for (name, source) in templates {
            let id = file_id(name)?;
            sources.insert(id, Source::new(id, source.clone()));
        }
        let mut files = HashMap::from([(file_id("data.json")?, bytes(&data))]);
        if let Some(svg) = qr_svg {
            files.insert(file_id("qr.svg")?, bytes(&svg));
        }
        Ok(Self {
            main: file_id(main)?,
            sources,
            files,
        })
    }
}

/// Names are few and fixed, so interning them does not grow with the papers made.
fn file_id(name: &str) -> Result<FileId, DocumentFault> {
    let path = VirtualPath::new(name).map_err(|_| DocumentFault::Name(name.to_owned()))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for PaperWorld {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &FONTS.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match (self.files.get(&id), self.sources.get(&id)) {
            (Some(file), _) => Ok(file.clone()),
            (None, Some(source)) => Ok(bytes(source.text())),
            (None, None) => Err(missing(id)),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.fonts.get(index).cloned()
    }

    // No clock: a paper carries the date of its data.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

#[cfg(test)]
mod tests {
    use typst::text::{FontStretch, FontStyle, FontVariant, FontWeight};

    use super::*;

    #[test]
    fn each_style_finds_a_face_with_every_vietnamese_letter() {
        for (style, weight, least) in [
            (FontStyle::Normal, FontWeight::REGULAR, 400),
            (FontStyle::Normal, FontWeight::BOLD, 700),
            (FontStyle::Italic, FontWeight::REGULAR, 400),
            (FontStyle::Italic, FontWeight::BOLD, 600),
        ] {
            let variant = FontVariant::new(style, weight, FontStretch::NORMAL);
            let index = FONTS
                .book
                .select("libertinus serif", variant)
                .expect("the family is there");
            let info = FONTS.fonts[index].info();
            assert_eq!(info.variant.style, style);
            assert!(info.variant.weight.to_number() >= least, "{:?}", info.variant);
            for letter in LETTERS.chars().chain(LETTERS.to_uppercase().chars()) {
                assert!(
                    info.coverage.contains(letter as u32),
                    "{:?} lacks {letter}",
                    info.variant
                );
            }
        }
    }
}
