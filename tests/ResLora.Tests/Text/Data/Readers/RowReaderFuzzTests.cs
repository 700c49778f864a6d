using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parquet.Serialization;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;
using Xunit;

namespace ResLora.Tests.Text.Data.Readers;

/// <summary>Damaged data files either give rows or are refused: nothing else ever happens, and it never takes long.</summary>
public sealed class RowReaderFuzzTests : IDisposable
{
    private const int Runs = 700;
    private const ulong Seed = 20240229;

    // What the formats give a meaning to.
    private static readonly byte[] _telling = [0, 1, 9, 10, 13, 0x15, 0x19, 0x1C, 0x7F, 0x80, 0xC3, 0xEF, 0xFF, .. "[]{}\",:\\/ -0e"u8];

    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("a.jsonl", "{\"q\":\"é\\n\",\"n\":[1,{\"a\":null}]}\n\n{\"q\":\"b\",\"n\":true}\n")]
    [InlineData("a.json", "[{\"q\":\"é\\n\",\"n\":[1,{\"a\":null}]},\n{\"q\":\"b\",\"n\":-1.5e3}]\n")]
    [InlineData("b.json", "{\"q\":[\"é\",\"b\"],\n\"n\":[1,{}]}\n")]
    [InlineData("c.json", "{\"q\":\"é\"}\n{\n\"q\":\"b\"}\n")]
    [InlineData("a.csv", "q,n\r\n\"two\nli\"\"nes\",51.0\r\né,true\r\n")]
    [InlineData("a.tsv", "q\tn\nthe \"end\tno\né\tyes\n")]
    public void Read_DamagedText_GivesRowsOrIsRefused(string name, string text) =>
        Check(name, Encoding.UTF8.GetBytes(text), protectedBytes: 0);

    [Fact]
    public async Task Read_DamagedParquet_GivesRowsOrIsRefused()
    {
        var path = Path.Combine(_files.Folder, "valid.parquet");
        await ParquetSerializer.SerializeAsync(
            Enumerable.Range(0, 20).Select(i =>
                new Line { Text = i % 3 == 0 ? null : $"row {i}", Number = i, Parts = [$"{i}"], When = DateTime.UnixEpoch.AddDays(i) }),
            path,
            cancellationToken: TestContext.Current.CancellationToken);

        // The last eight bytes are found and checked first, so damage to them says little.
        Check("a.parquet", await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), protectedBytes: 8);
    }

    private void Check(string name, byte[] valid, int protectedBytes)
    {
        var (gave, last) = (0, valid.Length - protectedBytes - 1);
        var value = Gen.OneOf(Gen.Choose(0, 255).Select(number => (byte)number), Gen.Elements(_telling));
        var changes = Gen.Zip(Gen.Choose(0, last), value).NonEmptyListOf().Where(list => list.Count <= 4).Select(
            list => (Changes: list, From: 0, To: 0, Length: 0));
        var copies = Gen.Zip(Gen.Zip(Gen.Choose(0, last), Gen.Choose(0, last)), Gen.Choose(1, 30)).Select(copy => (
            Changes: new List<(int, byte)>(), From: copy.Item1.Item1, To: copy.Item1.Item2, Length: copy.Item2));
        var config = Config.QuickThrowOnFailure.WithMaxTest(Runs).WithReplay(Seed, 1);

        Prop.ForAll(Gen.OneOf(changes, copies).ToArbitrary(), input =>
        {
            var damaged = (byte[])valid.Clone();
            foreach (var (at, to) in input.Changes)
            {
                damaged[at] = to;
            }

            var count = Math.Min(input.Length, last + 1 - Math.Max(input.From, input.To));
            valid.AsSpan(input.From, count).CopyTo(damaged.AsSpan(input.To));
            gave += GivesRows(_files.Write(name, damaged)) ? 1 : 0;
        }).Check(config);

        // Both outcomes happened, or the damage would prove nothing.
        Assert.InRange(gave, 1, Runs - 1);
    }

    private static bool GivesRows(string path)
    {
        try
        {
            foreach (var row in RowReader.Read(path))
            {
                Assert.All(row.Values.Keys.Except(row.Nested), column => Assert.NotNull(row.Find(column)));
            }

            return true;
        }
        catch (FileFormatException error)
        {
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            return false;
        }
    }

    private sealed class Line
    {
        public string? Text { get; set; }

        public double Number { get; set; }

        public List<string>? Parts { get; set; }

        public DateTime When { get; set; }
    }
}
