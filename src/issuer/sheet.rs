//! A print sheet: vouchers as vector QR codes on A4 pages, to be cut apart.

use pdf_writer::{Finish as _, Name, Pdf, Rect, Ref, TextStr};

use super::{
    page::{FONT, Footer, MODULES_MAX, PAGE, PER_PAGE, Page},
    picture::{PictureError, QrMatrix},
};

/// Most vouchers on one sheet: 250 pages.
pub const ITEMS_MAX: usize = 3000;

/// Most lines under a code.
pub const LINES_MAX: usize = 3;

/// One voucher on the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetItem {
    /// The text of the QR code.
    pub text: String,
    /// What is typed when the code cannot be read; printed in groups of four.
    pub short_code: String,
    /// What is printed below, such as title, value and end of validity; at most [`LINES_MAX`].
    pub lines: Vec<String>,
}

/// A finished sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The file.
    pub pdf: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// How many characters the built-in font lacks; each is printed as `?`.
    pub replaced: usize,
    /// How many lines did not fit and end in `…`.
    pub shortened: usize,
}

/// Lays out `items` in order, twelve a page; `title` stands in every page's footer.
pub fn pdf(title: &str, items: &[SheetItem]) -> Result<Sheet, SheetError> {
    check(items)?;
    let pages = items.len().div_ceil(PER_PAGE);
    let mut document = Document::new(title);
    for (items, number) in items.chunks(PER_PAGE).zip(1_usize..) {
        let items = items.iter().map(with_code).collect::<Result<Vec<_>, _>>()?;
        let number = format!("Page {number} of {pages}");
        let number = number.as_str();
        document.add(Page::draw(&items, Footer { title, number }));
    }
    Ok(document.finish())
}

fn check(items: &[SheetItem]) -> Result<(), SheetError> {
    if items.is_empty() {
        return Err(SheetError::Empty);
    }
    if items.len() > ITEMS_MAX {
        return Err(SheetError::TooMany);
    }
    let fits = |item: &SheetItem| item.lines.len() <= LINES_MAX;
    items.iter().all(fits).then_some(()).ok_or(SheetError::Lines)
}

fn with_code(item: &SheetItem) -> Result<(&SheetItem, QrMatrix), SheetError> {
    let matrix = QrMatrix::of(&item.text)?;
    if matrix.width > MODULES_MAX {
        return Err(SheetError::TooDense);
    }
    Ok((item, matrix))
}

/// The file under construction: catalog, page tree, font and title come first, then each page and its content.
struct Document {
    pdf: Pdf,
    next: Ref,
    tree: Ref,
    font: Ref,
    pages: Vec<Ref>,
    replaced: usize,
    shortened: usize,
}

impl Document {
    fn new(title: &str) -> Self {
        let mut pdf = Pdf::new();
        let mut next = Ref::new(1);
        let (catalog, tree, font) = (next.bump(), next.bump(), next.bump());
        pdf.catalog(catalog).pages(tree);
        pdf.document_info(next.bump()).title(TextStr(title));
        pdf.type1_font(font)
            .base_font(Name(b"Helvetica"))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
        Self { pdf, next, tree, font, pages: Vec::new(), replaced: 0, shortened: 0 }
    }

    fn add(&mut self, page: Page) {
        self.replaced = self.replaced.saturating_add(page.replaced);
        self.shortened = self.shortened.saturating_add(page.shortened);
        let (id, content) = (self.next.bump(), self.next.bump());
        self.pages.push(id);
        self.pdf.stream(content, &page.finish());
        let [width, height] = PAGE;
        let mut written = self.pdf.page(id);
        written.parent(self.tree).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
        written.resources().fonts().pair(FONT, self.font);
        written.finish();
    }

    fn finish(mut self) -> Sheet {
        let count = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        let kids = self.pages.iter().copied();
        self.pdf.pages(self.tree).kids(kids).count(count);
        Sheet {
            pages: self.pages.len(),
            pdf: self.pdf.finish(),
            replaced: self.replaced,
            shortened: self.shortened,
        }
    }
}

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Nothing to print.
    #[error("there are no vouchers to print")]
    Empty,
    /// More than one sheet takes.
    #[error("a sheet takes at most 3000 vouchers; split them into several")]
    TooMany,
    /// More lines than there is room for.
    #[error("there is room for three lines under a code")]
    Lines,
    /// The code's modules would be too small to be read from paper.
    #[error("the text is too long to be read from a printed code of this size")]
    TooDense,
    /// No QR code holds the text.
    #[error(transparent)]
    Picture(#[from] PictureError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: usize) -> SheetItem {
        SheetItem {
            text: format!("CS1:{number:04}{}", "UJCLQE7W58".repeat(21)),
            short_code: "ABCDEFGHJKM".to_owned(),
            lines: vec!["Lunch for two".to_owned(), "€25.00".to_owned()],
        }
    }

    fn items(count: usize) -> Vec<SheetItem> {
        (0..count).map(item).collect()
    }

    fn text(sheet: &Sheet) -> String {
        sheet.pdf.iter().map(|byte| char::from(*byte)).collect()
    }

    /// The codes of a sheet, drawn again from the rectangles in it.
    fn codes(sheet: &Sheet) -> Vec<QrMatrix> {
        let text = text(sheet);
        let drawings = text.split(" cm\n").skip(1);
        drawings.map(|drawing| redraw(drawing.split("\nQ\n").next().unwrap())).collect()
    }

    fn redraw(drawing: &str) -> QrMatrix {
        let numbers = |line: &str| -> [usize; 4] {
            let values = line.split(' ').map(|value| value.parse().unwrap());
            values.collect::<Vec<_>>().try_into().unwrap()
        };
        let rectangles = drawing.lines().filter_map(|line| line.strip_suffix(" re"));
        let rectangles: Vec<_> = rectangles.map(numbers).collect();
        let right = rectangles.iter().map(|[x, _, w, _]| x.saturating_add(*w));
        let width = right.max().unwrap();
        let mut rows = vec![vec![false; width]; width];
        for [x, y, w, h] in rectangles {
            rows[y][x..][..w].fill(true);
            assert_eq!(h, 1);
        }
        let modules = rows.concat();
        QrMatrix { width, modules }
    }

    #[test]
    fn twenty_vouchers_take_two_pages() {
        let items = items(20);
        let sheet = pdf("Lunch", &items).unwrap();
        assert_eq!((sheet.pages, sheet.replaced, sheet.shortened), (2, 0, 0));
        let text = text(&sheet);
        assert_eq!(text.matches("/Type /Page\n").count(), 2);
        assert!(text.contains("(Page 1 of 2)") && text.contains("(Page 2 of 2)"));
        assert!(text.contains("/WinAnsiEncoding"));
        assert_eq!(text.matches("(ABCD EFGH JKM)").count(), 20);
        // `€25.00` in WinAnsiEncoding.
        assert_eq!(text.matches("<8032352E3030>").count(), 20);
    }

    #[test]
    fn every_code_is_the_one_of_its_voucher_in_order() {
        let items = items(13);
        let drawn = codes(&pdf("Lunch", &items).unwrap());
        let expected: Vec<_> = items.iter().map(|item| QrMatrix::of(&item.text).unwrap()).collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn codes_are_large_enough_and_lie_on_the_page() {
        let items = items(12);
        let text = text(&pdf("Lunch", &items).unwrap());
        let placed = text.lines().filter_map(|line| line.strip_suffix(" cm"));
        let placed: Vec<[f32; 6]> = placed
            .map(|line| {
                let numbers = line.split(' ').map(|number| number.parse().unwrap());
                numbers.collect::<Vec<_>>().try_into().unwrap()
            })
            .collect();
        assert_eq!(placed.len(), 12);
        let quiet = 4.0;
        for [scale, _, _, down, x, y] in placed {
            let modules = 53.0 + 2.0 * quiet;
            // 30 mm are 85.04 points; printers leave 5 mm (14.17 points) of A4 blank.
            assert!((scale + down).abs() < 1e-6 && scale * modules >= 85.04);
            let (left, top) = (x - quiet * scale, y + quiet * scale);
            assert!(left > 14.17 && left + scale * modules < 595.28 - 14.17);
            assert!(top < 841.89 - 14.17 && top - scale * modules > 14.17);
        }
    }

    #[test]
    fn the_same_vouchers_give_the_same_file() {
        let items = items(3);
        assert_eq!(pdf("Lunch", &items).unwrap(), pdf("Lunch", &items).unwrap());
    }

    #[test]
    fn characters_the_font_lacks_are_counted_and_long_lines_shortened() {
        let mut items = items(1);
        items[0].lines = vec!["餐廳 for two".to_owned(), "W".repeat(500)];
        let sheet = pdf("Kč", &items).unwrap();
        assert_eq!((sheet.replaced, sheet.shortened), (3, 1));
        let text = text(&sheet);
        // `W` and the ellipsis in WinAnsiEncoding.
        assert!(text.contains("(?? for two)") && text.contains("575785>"));
    }

    #[test]
    fn parentheses_and_backslashes_do_not_end_a_text() {
        let mut items = items(1);
        items[0].lines = vec![r") Tj (\".to_owned()];
        let sheet = pdf("Lunch", &items).unwrap();
        assert!(text(&sheet).contains(r"(\) Tj \(\\) Tj"));
    }

    #[test]
    fn what_cannot_be_printed_is_refused() {
        assert!(matches!(pdf("", &[]), Err(SheetError::Empty)));
        assert!(matches!(pdf("", &items(3001)), Err(SheetError::TooMany)));
        let mut one = items(1);
        one[0].lines = vec![String::new(); 4];
        assert!(matches!(pdf("", &one), Err(SheetError::Lines)));
        // Version 15 holds 600 alphanumeric characters at level M (ISO/IEC 18004 table 7).
        one[0].lines.clear();
        one[0].text = "A".repeat(600);
        assert!(pdf("", &one).is_ok());
        one[0].text.push('A');
        assert!(matches!(pdf("", &one), Err(SheetError::TooDense)));
        one[0].text = "A".repeat(10_000);
        assert!(matches!(pdf("", &one), Err(SheetError::Picture(_))));
    }
}
