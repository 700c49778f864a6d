using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Win32.SafeHandles;
using ResLora.Formats.Files;

namespace ResLora.Hub.Downloading;

/// <summary>
/// A content that is not all here yet: its bytes, and beside them a file that says how much of each part is there, so that a later process
/// goes on from it. Parts may be written at the same time, each by one thread.
/// </summary>
internal sealed class PartialBlob : IDisposable
{
    /// <summary>
    /// How such a file's name ends. Older releases of huggingface_hub go on from DIGEST.incomplete by its length alone, so that name is left
    /// to them.
    /// </summary>
    public const string Extension = ".reslora.incomplete";

    private const string JournalExtension = ".reslora.parts";
    private const long BytesBetweenNotes = 1L << 20;
    private const long LargestJournal = 16L << 20;

    private readonly string _blob;
    private readonly long _size;
    private readonly Lock _noting = new();
    private SafeFileHandle _bytes;
    private SafeFileHandle _journal;
    private long _partBytes;
    private long[] _done;
    private long _sinceNote;

    private PartialBlob(string blob, long size, long partBytes)
    {
        (_blob, _size) = (blob, size);
        var usual = size > 2 * partBytes ? partBytes : Math.Max(size, 1);
        (Validator, _partBytes, _done) = ReadJournal(blob, size) ?? (null, usual, new long[Parts(size, usual)]);
        _bytes = Open(blob + Extension);
        _journal = Open(blob + JournalExtension);
    }

    /// <summary>The mark of the content that the server gave with its first bytes; null when it gave none.</summary>
    public EntityTagHeaderValue? Validator { get; set; }

    /// <summary>How many parts there are.</summary>
    public int Count => _done.Length;

    /// <summary>How many bytes are here.</summary>
    public long Done => _done.Sum();

    /// <summary>Opens what an earlier attempt left, or begins.</summary>
    /// <param name="blob">Where the content is going to lie.</param>
    /// <param name="size">Its size.</param>
    /// <param name="partBytes">The size of a part, for a content that has two or more.</param>
    public static PartialBlob Open(string blob, long size, long partBytes) => new(blob, size, partBytes);

    /// <summary>How many bytes an earlier attempt left.</summary>
    /// <param name="blob">Where the content is going to lie.</param>
    /// <param name="size">Its size.</param>
    public static long Left(string blob, long size) => ReadJournal(blob, size)?.Done.Sum() ?? 0;

    /// <summary>The first byte of a part that is not here, and the one behind its last.</summary>
    /// <param name="part">The part's number.</param>
    public (long From, long To) Missing(int part)
    {
        var start = part * _partBytes;
        return (start + _done[part], Math.Min(start + _partBytes, _size));
    }

    /// <summary>Writes the next bytes of a part.</summary>
    /// <param name="part">The part's number.</param>
    /// <param name="bytes">The bytes.</param>
    public void Write(int part, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_bytes, bytes, Missing(part).From);
        lock (_noting)
        {
            _done[part] += bytes.Length;
            _sinceNote += bytes.Length;
            if (_sinceNote >= BytesBetweenNotes)
            {
                Note();
            }
        }
    }

    /// <summary>Notes how far each part is.</summary>
    public void Note()
    {
        lock (_noting)
        {
            var text = new StringBuilder($"{Validator}\n{Digits(_partBytes)}\n");
            foreach (var done in _done)
            {
                text.Append(Digits(done)).Append('\n');
            }

            // In one call and never shorter than before: a process that is killed leaves the old note or the new one.
            RandomAccess.Write(_journal, Encoding.ASCII.GetBytes(text.ToString()), 0);
            _sinceNote = 0;
        }
    }

    /// <summary>Begins again from nothing.</summary>
    /// <param name="whole">Whether all is one part from now on, for servers that do not send parts.</param>
    public void Restart(bool whole)
    {
        lock (_noting)
        {
            (Validator, _sinceNote) = (null, 0);
            _partBytes = whole ? Math.Max(_size, 1) : _partBytes;
            _done = new long[Parts(_size, _partBytes)];
            RandomAccess.SetLength(_journal, 0);
            RandomAccess.SetLength(_bytes, 0);
        }
    }

    /// <summary>Opens the bytes for reading.</summary>
    public FileStream Read() => new(
        _blob + Extension, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 20);

    /// <summary>Gives the content its name, once it is all here and checked.</summary>
    public void Finish()
    {
        RandomAccess.FlushToDisk(_bytes);
        Dispose();
        File.Move(_blob + Extension, _blob, overwrite: true);
        File.Delete(_blob + JournalExtension);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _bytes.Dispose();
        _journal.Dispose();
    }

    private static SafeFileHandle Open(string file) =>
        File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private static int Parts(long size, long partBytes) => size == 0 ? 1 : checked((int)((size + partBytes - 1) / partBytes));

    private static string Digits(long number) => number.ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>What a note says; null when there is none, or none that can be right.</summary>
    private static (EntityTagHeaderValue? Validator, long PartBytes, long[] Done)? ReadJournal(string blob, long size)
    {
        var (file, bytes) = (new FileInfo(blob + JournalExtension), new FileInfo(blob + Extension));
        if (!file.Exists || !bytes.Exists || file.Length is 0 or > LargestJournal)
        {
            return null;
        }

        var lines = Encoding.ASCII.GetString(InputFile.ReadBytes(file.FullName, LargestJournal)).Split('\n');
        var numbers = lines.Skip(1).SkipLast(1).Select(line =>
            long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        if (numbers is not [> 0 and var partBytes, .. var done] || done.Length != Parts(size, partBytes))
        {
            return null;
        }

        var ends = done.Select((count, part) => (Count: count, Start: part * partBytes));
        var isRight = ends.All(part => part.Count >= 0 && part.Count <= Math.Min(partBytes, size - part.Start)
            && (part.Count == 0 || part.Start + part.Count <= bytes.Length));
        return isRight
            ? (EntityTagHeaderValue.TryParse(lines[0], out var validator) ? validator : null, partBytes, done)
            : null;
    }
}
