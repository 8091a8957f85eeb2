//! Downloads: what was signed comes, however the lines and the mirrors behave, or nothing does.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portcullis::domain::Digest;
use portcullis::feed::mirror::{
    Directory, Download, DownloadError, Downloaded, Limits, Mirror, MirrorError, Progress,
};
use portcullis::ground::storage::{Disk, Storage};
use sha2::{Digest as _, Sha256};

use crate::feed_mirrors::{HASTY, mirror, mirror_within};
use crate::support::recording::Recording;
use crate::support::web::{Web, head, right, right_head};

const PIECE: usize = 64 << 10;

/// A file, and the place where it is to grow.
struct Wanted {
    file: Vec<u8>,
    folder: tempfile::TempDir,
    part: PathBuf,
    limits: Limits,
}

impl Wanted {
    /// No two pieces of it are alike.
    fn of(length: usize) -> Self {
        let file =
            (0_u32..).flat_map(|word| word.wrapping_mul(0x9e37_79b1).to_le_bytes()).take(length).collect();
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("base.part");
        Self { file, folder, part, limits: Limits::default() }
    }

    fn has(self, part: &[u8]) -> Self {
        std::fs::write(&self.part, part).unwrap();
        self
    }

    fn download(&self, mirrors: &[&dyn Mirror]) -> Result<Downloaded, DownloadError> {
        self.download_to(&Disk, mirrors, &mut |_| ControlFlow::Continue(()))
    }

    fn download_to(
        &self,
        storage: &dyn Storage,
        mirrors: &[&dyn Mirror],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Downloaded, DownloadError> {
        let (part, limits) = (&*self.part, &self.limits);
        let (length, digest) = (self.file.len() as u64, Digest(Sha256::digest(&self.file).into()));
        Download { storage, mirrors, path: "targets/00ff.base", length, digest, part, limits }.run(progress)
    }

    fn found(&self) -> Option<Vec<u8>> {
        std::fs::read(&self.part).ok()
    }

    #[track_caller]
    fn came(&self, downloaded: &Downloaded) {
        assert_eq!(downloaded.path, self.part);
        assert!(self.found().unwrap() == self.file, "what came is not what was signed");
    }
}

/// The only mirror's failure.
#[track_caller]
fn failure(result: Result<Downloaded, DownloadError>) -> MirrorError {
    let Err(DownloadError::Mirrors { mut failures, .. }) = result else { panic!("{result:?}") };
    assert_eq!(failures.len(), 1, "{failures:?}");
    failures.remove(0).error
}

/// Sends `file` from where it was asked to, but ends the line after `bytes` of it.
fn cut(file: &[u8], bytes: usize) -> Web {
    let file = file.to_vec();
    Web::start(move |asked, out| {
        right_head(asked, file.len(), out)?;
        out.write_all(&file[asked.from..file.len().min(asked.from + bytes)])
    })
}

/// Sends what is not the file, as long as the file, and ends the line after `bytes` of it.
fn wrong(length: usize, bytes: usize) -> Web {
    Web::start(move |asked, out| {
        right_head(asked, length, out)?;
        out.write_all(&vec![0xab; bytes.min(length - asked.from)])
    })
}

#[test]
fn wherever_the_line_is_cut_the_next_mirror_goes_on_from_there() {
    let length = (1 << 20) + 123;
    for bytes in (0..length).step_by(PIECE) {
        let wanted = Wanted::of(length);
        let (broken, sound) = (cut(&wanted.file, bytes), Web::of(&wanted.file));
        let downloaded = wanted.download(&[&mirror(&broken), &mirror(&sound)]).unwrap();
        wanted.came(&downloaded);
        assert_eq!(downloaded.line_bytes, length as u64, "nothing comes twice, cut at {bytes}");
        assert_eq!(downloaded.mirror.as_deref(), Some(&*sound.url()));
        assert_eq!(downloaded.failures.len(), 1);
        assert_eq!(&*downloaded.failures[0].mirror, broken.url());
        assert_eq!(sound.asked()[0].from, bytes);
    }
}

#[test]
fn a_line_that_is_always_cut_brings_the_file_in_the_end() {
    let wanted = Wanted::of((1 << 20) + 123);
    let broken = cut(&wanted.file, PIECE);
    for round in 1..17 {
        assert!(matches!(failure(wanted.download(&[&mirror(&broken)])), MirrorError::Line { .. }));
        assert!(wanted.found().unwrap() == wanted.file[..round * PIECE], "{round}");
    }
    wanted.came(&wanted.download(&[&mirror(&broken)]).unwrap());
}

#[test]
fn a_folder_and_a_server_continue_one_another() {
    let wanted = Wanted::of(300_000);
    let stick = tempfile::tempdir().unwrap();
    std::fs::create_dir(stick.path().join("targets")).unwrap();
    std::fs::write(stick.path().join("targets/00ff.base"), &wanted.file).unwrap();
    let broken = cut(&wanted.file, 100_001);
    let folder = Directory::new(Arc::new(Disk), stick.path());
    let downloaded = wanted.download(&[&mirror(&broken), &folder]).unwrap();
    wanted.came(&downloaded);
    assert_eq!(downloaded.line_bytes, 300_000);
}

#[test]
fn a_mirror_whose_bytes_are_wrong_is_named_and_the_next_begins_anew() {
    let wanted = Wanted::of(300_000);
    let (evil, sound) = (wrong(300_000, 300_000), Web::of(&wanted.file));
    let downloaded = wanted.download(&[&mirror(&evil), &mirror(&sound)]).unwrap();
    wanted.came(&downloaded);
    assert!(matches!(downloaded.failures[0].error, MirrorError::WrongDigest));
    assert_eq!(&*downloaded.failures[0].mirror, evil.url());
    assert_eq!((downloaded.line_bytes, sound.asked()[0].from), (600_000, 0));

    let wanted = Wanted::of(300_000);
    assert!(matches!(failure(wanted.download(&[&mirror(&evil)])), MirrorError::WrongDigest));
    assert_eq!(wanted.found(), None, "what is wrong does not stay");
}

#[test]
fn who_finishes_what_another_began_wrongly_is_not_blamed_for_it() {
    let wanted = Wanted::of(300_000);
    let (evil, sound) = (wrong(300_000, 200_000), Web::of(&wanted.file));
    let downloaded = wanted.download(&[&mirror(&evil), &mirror(&sound)]).unwrap();
    wanted.came(&downloaded);
    assert_eq!(downloaded.failures.len(), 1, "{:?}", downloaded.failures);
    assert!(matches!(downloaded.failures[0].error, MirrorError::Line { .. }));
    assert_eq!(sound.asked().iter().map(|asked| asked.from).collect::<Vec<_>>(), [200_000, 0]);
    assert_eq!(downloaded.line_bytes, 200_000 + 100_000 + 300_000);
}

#[test]
fn a_part_of_another_file_does_not_hinder() {
    let file = Wanted::of(100_000).file;
    let mut one_off = file.clone();
    one_off[99_999] ^= 1;
    for (part, asked) in [
        (vec![7; 40_000], vec![40_000, 0]),
        (vec![7; 99_999], vec![99_999, 0]),
        (vec![7; 100_001], vec![0]),
        (one_off, vec![0]),
        ([&file[..], b"x"].concat(), vec![0]),
        (Vec::new(), vec![0]),
    ] {
        let wanted = Wanted::of(100_000).has(&part);
        let web = Web::of(&wanted.file);
        let downloaded = wanted.download(&[&mirror(&web)]).unwrap();
        wanted.came(&downloaded);
        assert_eq!(web.asked().iter().map(|asked| asked.from).collect::<Vec<_>>(), asked);
        assert_eq!(downloaded.failures.len(), 0);
    }
}

#[test]
fn what_is_there_already_needs_no_line() {
    let wanted = Wanted::of(100_000);
    let file = wanted.file.clone();
    let wanted = wanted.has(&file);
    let downloaded = wanted.download(&[]).unwrap();
    wanted.came(&downloaded);
    assert_eq!((downloaded.line_bytes, downloaded.mirror), (0, None));
    let empty = Wanted::of(0);
    empty.came(&empty.download(&[]).unwrap());
}

#[test]
fn without_a_mirror_nothing_comes_and_it_says_so() {
    let error = Wanted::of(10).download(&[]).unwrap_err();
    assert_eq!(error.to_string(), "no mirror has given targets/00ff.base: none is set");
}

#[test]
fn a_server_without_ranges_is_read_from_its_beginning() {
    let wanted = Wanted::of(300_000);
    let file = wanted.file.clone();
    let wanted = wanted.has(&file[..170_001]);
    let web = Web::start(move |_, out| {
        head(out, 200, &[("Content-Length", file.len().to_string())])?;
        out.write_all(&file)
    });
    let downloaded = wanted.download(&[&mirror(&web)]).unwrap();
    wanted.came(&downloaded);
    assert_eq!(downloaded.line_bytes, 300_000);
    assert_eq!(web.asked()[0].header("range"), Some("bytes=170001-"));
}

#[test]
fn no_more_is_written_than_the_file_is_long() {
    let wanted = Wanted::of(100_000);
    let endless = |begin: &[u8]| {
        let begin = begin.to_vec();
        Web::start(move |asked, out| {
            let range = format!("bytes {}-999999999/*", asked.from);
            if asked.from == 0 {
                head(out, 200, &[])?
            } else {
                head(out, 206, &[("Content-Range", range)])?
            }
            out.write_all(&begin[asked.from.min(begin.len())..])?;
            loop {
                out.write_all(&[0; 4096])?;
            }
        })
    };
    let mut longest = 0;
    let result = wanted.download_to(&Disk, &[&mirror(&endless(b"x"))], &mut |progress| {
        longest =
            longest.max(progress.bytes).max(std::fs::metadata(&wanted.part).map_or(0, |part| part.len()));
        ControlFlow::Continue(())
    });
    assert!(matches!(failure(result), MirrorError::WrongDigest));
    assert_eq!((longest, wanted.found()), (100_000, None));
    // One that is right, and then does not end, has given the file.
    let downloaded = wanted.download(&[&mirror(&endless(&wanted.file))]).unwrap();
    wanted.came(&downloaded);
}

#[test]
fn what_a_mirror_says_of_length_and_place_is_held_against_what_was_signed() {
    let wanted = Wanted::of(100_000).has(&Wanted::of(100_000).file[..60_000]);
    let other = Web::of(&vec![7; 100_001]);
    assert!(matches!(
        failure(wanted.download(&[&mirror(&other)])),
        MirrorError::WrongLength { told: 100_001, .. }
    ));
    let shorter = Web::of(&vec![7; 60_000]);
    assert!(matches!(
        failure(wanted.download(&[&mirror(&shorter)])),
        MirrorError::WrongLength { told: 60_000, .. }
    ));
    let short = Web::start(|_, out| {
        head(out, 206, &[("Content-Range", "bytes 60000-60009/100000".into())])?;
        out.write_all(&[0; 10])
    });
    assert!(matches!(
        failure(wanted.download(&[&mirror(&short)])),
        MirrorError::Cut { at: 60_010, length: 100_000 }
    ));
}

#[test]
fn a_mirror_that_stalls_drips_or_refuses_makes_room_for_the_next() {
    let wanted = Wanted::of(300_000);
    let begun = Instant::now();
    let file = wanted.file.clone();
    let stalls = Web::start(move |asked, out| {
        right_head(asked, file.len(), out)?;
        out.write_all(&file[..100_000])?;
        std::thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let file = wanted.file.clone();
    let drips = Web::start(move |asked, out| {
        right_head(asked, file.len(), out)?;
        asked.drip();
        out.write_all(&file[asked.from..])
    });
    let refuses = Web::start(|_, out| head(out, 503, &[]));
    let has_not = Web::start(|_, out| head(out, 404, &[]));
    let file = wanted.file.clone();
    let sound = Web::start(move |asked, out| right(asked, &file, out));
    let bad = [&stalls, &drips, &refuses, &has_not].map(|web| mirror_within(web, &HASTY));
    let sound = mirror(&sound);
    let mirrors = [&bad[0], &bad[1], &bad[2], &bad[3], &sound];
    let mirrors = mirrors.map(|mirror| mirror as &dyn Mirror);
    let downloaded = wanted.download(&mirrors).unwrap();
    wanted.came(&downloaded);
    assert_eq!(downloaded.line_bytes, 300_000);
    let [stalled, slow, refused, has_not] = &downloaded.failures[..] else { panic!("{downloaded:?}") };
    assert!(matches!(stalled.error, MirrorError::Stalled { .. }), "{stalled}");
    assert!(matches!(slow.error, MirrorError::TooSlow { .. }), "{slow}");
    assert!(matches!(refused.error, MirrorError::Refused { status: 503 }), "{refused}");
    assert!(matches!(has_not.error, MirrorError::NotFound), "{has_not}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_download_keeps_to_its_rate_and_no_mirror_is_blamed_for_that() {
    let mut wanted = Wanted::of(60_000);
    wanted.limits.bytes_per_second_max = Some(50_000);
    let web = Web::of(&wanted.file);
    let (begun, mut last, mut steps) = (Instant::now(), 0, 0);
    let downloaded = wanted.download_to(&Disk, &[&mirror(&web)], &mut |progress| {
        assert!(progress.bytes >= last && progress.bytes <= progress.length);
        (last, steps) = (progress.bytes, steps + 1);
        ControlFlow::Continue(())
    });
    wanted.came(&downloaded.unwrap());
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(last == 60_000 && steps >= 5, "{last} {steps}");

    // A rate of our own that is below what is asked of the line.
    let mut wanted = Wanted::of(6_000_000);
    wanted.limits.bytes_per_second_max = Some(4_000_000);
    let fast = Limits { bytes_per_second_min: 20_000_000, ..HASTY };
    wanted.came(&wanted.download(&[&mirror_within(&Web::of(&wanted.file), &fast)]).unwrap());
}

#[test]
fn a_download_that_is_stopped_goes_on_later() {
    let wanted = Wanted::of(1 << 20);
    let web = Web::of(&wanted.file);
    let asked = AtomicUsize::new(0);
    let stopped = wanted.download_to(&Disk, &[&mirror(&web), &mirror(&web)], &mut |progress| {
        asked.fetch_add(1, Ordering::Relaxed);
        if progress.bytes > 300_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(DownloadError::Stopped)), "{stopped:?}");
    let there = wanted.found().unwrap();
    assert!(there.len() > 300_000 && there.len() < 1 << 20 && wanted.file.starts_with(&there));
    assert_eq!(web.asked().len(), 1);
    let before = wanted.download_to(&Disk, &[&mirror(&web)], &mut |_| ControlFlow::Break(()));
    assert!(matches!(before, Err(DownloadError::Stopped)));
    assert_eq!(web.asked().len(), 1, "nobody is asked once it was stopped");
    let downloaded = wanted.download(&[&mirror(&web)]).unwrap();
    wanted.came(&downloaded);
    assert_eq!(downloaded.line_bytes, (1 << 20) - there.len() as u64);
}

#[test]
fn on_a_full_disk_what_came_stays_and_is_continued_once_there_is_room() {
    for room in [0, 1, PIECE, 200_000, 299_999] {
        let wanted = Wanted::of(300_000);
        let disk = Recording::new(wanted.folder.path());
        let web = Web::of(&wanted.file);
        let download = || wanted.download_to(&disk, &[&mirror(&web)], &mut |_| ControlFlow::Continue(()));
        disk.disk_full_after(Some(room));
        let full = download().unwrap_err();
        let there = wanted.found().unwrap();
        assert!(there.len() <= room && wanted.file.starts_with(&there), "{room}");
        let left = 300_000 - there.len() as u64;
        assert!(matches!(full, DownloadError::DiskFull { missing, .. } if missing == left), "{full:?}");
        disk.disk_full_after(None);
        let downloaded = download().unwrap();
        wanted.came(&downloaded);
        assert_eq!(downloaded.line_bytes, left);
        assert_eq!(disk.synced_bytes(&wanted.part), 300_000, "what is given out is durable");
    }
}

#[test]
fn a_part_that_is_not_known_does_not_stay() {
    let wanted = Wanted::of(300_000);
    let disk = Recording::new(wanted.folder.path());
    let web = Web::of(&wanted.file);
    let download = || wanted.download_to(&disk, &[&mirror(&web)], &mut |_| ControlFlow::Continue(()));
    disk.disk_full_after(Some(100_000));
    disk.fail_truncates(true);
    assert!(matches!(download(), Err(DownloadError::DiskFull { .. })));
    assert_eq!(wanted.found(), None);
    disk.disk_full_after(None);
    disk.fail_sync(1);
    assert!(matches!(download(), Err(DownloadError::Io { .. })));
    assert_eq!(wanted.found(), None, "after a sync that failed nobody knows what is on the disk");
    wanted.came(&download().unwrap());
}

#[test]
fn a_folder_that_is_not_there_is_an_error_of_the_site_not_of_a_mirror() {
    let mut wanted = Wanted::of(10);
    wanted.part = wanted.folder.path().join("nowhere/base.part");
    let error = wanted.download(&[&mirror(&Web::of(&wanted.file))]).unwrap_err();
    let DownloadError::Io { path, source } = error else { panic!("{error:?}") };
    assert_eq!((path, source.kind()), (wanted.part.clone(), io::ErrorKind::NotFound));
    assert!(!Path::new(&wanted.part).exists());
}
