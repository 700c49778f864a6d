using System.Buffers.Binary;
using Parquet;
using Parquet.Serialization;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;
using Xunit;

namespace ResLora.Tests.Text.Data.Readers;

public sealed class ParquetRowsTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Read_OtherTypes_HaveOneInvariantForm()
    {
        var path = await WriteAsync(new Typed
        {
            Moment = new DateTime(2024, 2, 29, 13, 4, 5, 678, DateTimeKind.Utc),
            Day = new DateOnly(2024, 2, 29),
            // Parquet.Net 6.1.0 writes 100 ns where it declares microseconds: ten times this.
            Time = new TimeOnly(0, 18, 24, 567),
            Amount = 1234.5m,
            Share = 0.1,
            Small = 1.5f,
            Whole = long.MinValue,
            Count = 7,
            Truth = true,
            Raw = [.. "é"u8],
            Lists = [1, 2],
        });

        var row = Assert.Single(RowReader.Read(path));

        Assert.Equal("2024-02-29T13:04:05.678", row.Require("Moment").TrimEnd('Z'));
        Assert.Equal("2024-02-29", row.Require("Day"));
        Assert.Equal("03:04:05.67", row.Require("Time"));
        Assert.StartsWith("1234.5", row.Require("Amount"), StringComparison.Ordinal);
        Assert.Equal(
            ("0.1", "1.5", "-9223372036854775808", "7", "true", "é"),
            (
                row.Require("Share"),
                row.Require("Small"),
                row.Require("Whole"),
                row.Require("Count"),
                row.Require("Truth"),
                row.Require("Raw")));
        Assert.Null(row.Find("Missing"));
        Assert.Equal(["1", "2"], row.RequireList("Lists"));
        Assert.Throws<FileFormatException>(() => row.Find("Lists"));
    }

    [Fact]
    public async Task Read_BytesThatAreNoText_NameTheColumn()
    {
        var path = await WriteAsync(new Typed { Raw = [0xFF, 0xFE] });

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(path).ToArray());

        Assert.Equal($"{path}, row 1, column 'Raw': the bytes are not UTF-8 text.", error.Message);
    }

    [Theory]
    [InlineData(0x19)]
    [InlineData(0x1C)]
    public void Read_FooterNestedDeep_IsRefusedBeforeTheLibraryReadsIt(byte opening)
    {
        byte[] footer = [.. Enumerable.Repeat(opening, 50_000)];

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(WithFooter(footer)).ToArray());

        Assert.Contains("its metadata is nested deeper than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ListLongerThanTheFile_IsRefused()
    {
        // Field 2, a list of 2^31 - 1 truth values.
        byte[] footer = [0x29, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0];

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(WithFooter(footer)).ToArray());

        Assert.Contains("its metadata declares a list of 2147483647 elements", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, "its schema is no tree of at most")]
    [InlineData(1, "its schema has fewer elements than it declares")]
    public void Read_SchemaOfGroupsInGroups_IsRefused(int depth, string expected)
    {
        // Elements of one child each, whose last child is missing.
        byte[] footer = [0x15, 2, 0x19, 0xFC, (byte)depth, .. Enumerable.Repeat<byte[]>(
            [0x48, 1, (byte)'a', 0x15, 2, 0], depth).SelectMany(element => element), 0];

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(WithFooter(footer)).ToArray());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_FewOfManyEqualRows_TakesMemoryForFew()
    {
        var path = Path.Combine(_files.Folder, "many.parquet");
        await using (var file = File.Create(path))
        {
            await ParquetSerializer.SerializeAsync(
                Enumerable.Repeat(new Pair { Prompt = "a", Completion = "b" }, 400_000),
                file,
                cancellationToken: TestContext.Current.CancellationToken);
        }

        var before = GC.GetTotalAllocatedBytes();

        Assert.Equal(5, RowReader.Read(path).Take(5).Count());
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100_000_000);
    }

    [Fact]
    public async Task Read_FewBytesThatUnpackToMany_AreRefused()
    {
        var path = Path.Combine(_files.Folder, "bomb.parquet");
        var text = new string('x', 40_000);
        await using (var file = File.Create(path))
        {
            await ParquetSerializer.SerializeAsync(
                Enumerable.Repeat(
                    new Pair { Prompt = text, Completion = "b" },
                    8000), file, new ParquetOptions
                    {
                        CompressionMethod =
                            CompressionMethod.Zstd
                    }, cancellationToken: TestContext.Current.CancellationToken);
        }

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(path).Take(1).ToArray());

        Assert.Contains("which is not honest data", error.Message, StringComparison.Ordinal);
    }

    private string WithFooter(byte[] footer)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        return _files.Write("a.parquet", [.. "PAR1"u8, .. footer, .. length, .. "PAR1"u8]);
    }

    private async Task<string> WriteAsync(Typed row)
    {
        var path = Path.Combine(_files.Folder, "typed.parquet");
        await ParquetSerializer.SerializeAsync([row], path, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }

    private sealed class Pair
    {
        public string? Prompt { get; set; }

        public string? Completion { get; set; }
    }

    private sealed class Typed
    {
        public DateTime Moment { get; set; }

        public DateOnly Day { get; set; }

        public TimeOnly Time { get; set; }

        public decimal Amount { get; set; }

        public double Share { get; set; }

        public float Small { get; set; }

        public long Whole { get; set; }

        public int? Count { get; set; }

        public bool Truth { get; set; }

        public byte[]? Raw { get; set; }

        public string? Missing { get; set; }

        public List<int>? Lists { get; set; }
    }
}
