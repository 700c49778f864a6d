using System.Text;
using Parquet.Serialization;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;
using Xunit;

namespace ResLora.Tests.Text.Data.Readers;

public sealed class RowReaderTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("a.jsonl", "{\"q\":\"two\\nlines\",\"n\":51.0,\"gone\":null}\r\n\n{\"q\":\"é\",\"n\":true}\n")]
    [InlineData("a.json", "{\"q\":\"two\\nlines\",\"n\":51.0}\n{\"q\":\"é\",\"n\":true}")]
    [InlineData("b.json", " [ {\"q\":\"two\\nlines\",\"n\":51.0,\"gone\":null},\n{\"q\":\"é\",\"n\":true} ]")]
    [InlineData("a.csv", "q,n\r\n\"two\nlines\",51.0\r\né,true\r\n")]
    public void Read_EveryTextFormat_GivesTheSameRows(string name, string text)
    {
        var path = _files.Write(name, text);

        var rows = RowReader.Read(path).ToArray();

        Assert.Equal(["two\nlines", "é"], rows.Select(row => row.Require("q")));
        Assert.Equal(["51.0", "true"], rows.Select(row => row.Require("n")));
        Assert.All(rows, row => Assert.Null(row.Find("gone")));
    }

    [Theory]
    [InlineData("{\"q\": [\"a\", \"b\"], \"n\": [1.0, null]}")]
    [InlineData("\uFEFF\n{\n  \"q\": [\"a\", \"b\"],\n  \"n\": [1.0, null]\n}\n")]
    [InlineData("{\n  \"q\": \"a\", \"n\": 1.0\n}\n{\n  \"q\": \"b\"\n}\n")]
    public void Read_JsonThatIsNoArray_ColumnsOrObjectsGiveRows(string text)
    {
        var rows = RowReader.Read(_files.Write("a.json", text)).ToArray();

        Assert.Equal(["a", "b"], rows.Select(row => row.Require("q")));
        Assert.Equal(["1.0", null], rows.Select(row => row.Find("n")));
    }

    [Fact]
    public void Read_ColumnsOfDifferentLengths_AreRefused()
    {
        var path = _files.Write("a.json", "{\"q\": [1, 2], \"a\": [1]}");

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(path).ToArray());

        Assert.Equal($"{path}, line 1: column 'q' has 2 values and column 'a' 1; a table needs as many of each.", error.Message);
    }

    [Theory]
    [InlineData("a.jsonl", "{\"p\":\"x\"}\n{\"p\":[{\"role\":\"user\",\"content\":\"hi\"}]}\n", "line 2: column 'p' needs a text and holds a conversation of 1 messages, which task chat reads")]
    [InlineData("a.jsonl", "{\"p\":[{\"from\":\"human\",\"value\":\"hi\"}, {}]}\n", "line 1: column 'p' needs a text and holds a conversation of 2 messages")]
    [InlineData("a.jsonl", "{\"p\":[\"a\",\"b\"]}\n", "line 1: column 'p' needs a text and holds a list of 2 values")]
    [InlineData("a.jsonl", "{\"p\":[]}\n", "line 1: column 'p' needs a text and holds a list of 0 values")]
    [InlineData("a.jsonl", "{\"p\":{\"text\":\"a\"}}\n", "line 1: column 'p' needs a text and holds an object (text)")]
    [InlineData("a.json", "[{\"p\":\"x\"},\n\n {\"p\":{}}]", "line 3, element 2: column 'p' needs a text and holds an object ()")]
    [InlineData("a.json", "{\"p\": [{\"content\": \"a\"}]}", "line 1, row 1: column 'p' needs a text and holds an object (content)")]
    public void Find_ListOrObject_IsNeverTakenForAText(string name, string text, string expected)
    {
        var path = _files.Write(name, text);

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(path).Select(row => row.Find("p")).ToArray());

        Assert.StartsWith($"{path}, {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_JsonArrayOfManyBuffers_GivesEveryElementAndItsLine()
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < 3000; i++)
        {
            text.Append(i == 0 ? "" : ",\n").Append("{\"q\":\"").Append(new string('é', i % 200)).Append("\"}");
        }

        var rows = RowReader.Read(_files.Write("a.json", text.Append(']').ToString())).ToArray();

        Assert.Equal(Enumerable.Range(0, 3000).Select(i => new string('é', i % 200)), rows.Select(row => row.Require("q")));
        Assert.Equal("line 3000, element 3000", rows[^1].Where);
    }

    [Fact]
    public void Read_PipeOrUnreadableFile_IsRefusedAtOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev");

        foreach (var extension in RowReader.Extensions)
        {
            var device = Path.Combine(_files.Folder, "zero" + extension);
            File.CreateSymbolicLink(device, "/dev/zero");

            var error = Assert.Throws<FileFormatException>(() => RowReader.Read(device).ToArray());

            Assert.Contains("is not an ordinary file", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_TabSeparated_TakesQuotesLiterally()
    {
        var path = _files.Write("a.tsv", "text\tlabel\nthe \"end\tno\n\"x\tyes\n");

        var rows = RowReader.Read(path).ToArray();

        Assert.Equal(["the \"end", "\"x"], rows.Select(row => row.Require("text")));
    }

    [Fact]
    public async Task Read_Parquet_GivesTextNumbersAndLists()
    {
        var path = Path.Combine(_files.Folder, "a.parquet");
        await ParquetSerializer.SerializeAsync(
            [
                new ParquetLine { Text = "first", Number = 1.5, Parts = ["a", "b\"c"] },
                new ParquetLine { Text = null, Number = 2, Parts = ["d"], Source = new ParquetSource { Page = 3 } },
            ],
            path,
            cancellationToken: TestContext.Current.CancellationToken);

        var rows = RowReader.Read(path).ToArray();

        Assert.Equal("first", rows[0].Require("Text"));
        Assert.Equal("1.5", rows[0].Require("Number"));
        Assert.Equal(["a", "b\"c"], rows[0].RequireList("Parts"));
        Assert.Null(rows[1].Find("Text"));
        Assert.Equal("{\"Page\":3}", rows[1].Values["Source"]);
        Assert.Equal("row 2", rows[1].Where);
    }

    [Theory]
    [InlineData("a.jsonl", "", "no rows")]
    [InlineData("a.jsonl", " \n\n", "no rows")]
    [InlineData("a.json", "[]", "no rows")]
    [InlineData("a.csv", "", "no rows")]
    [InlineData("a.csv", "q,a\n", "no rows")]
    [InlineData("a.jsonl", "{\"q\":1}\n{\"q\":", "line 2")]
    [InlineData("a.jsonl", "{\"q\":1}\n[1]\n", "line 2: found array")]
    [InlineData("a.jsonl", "{\"q\":1,\"q\":2}\n", "line 1")]
    [InlineData("a.jsonl", "{\"q\":\"\\ud800\"}\n", "surrogate")]
    [InlineData("a.json", "[{\"q\":1}, 2]", "element 2: found number")]
    [InlineData("a.json", "[{\"q\":1}, {\"q\":", "element 2")]
    [InlineData("a.json", "[{\"q\":1}", "not valid JSON")]
    [InlineData("a.json", "[{\"q\":1}] [", "there is more after the end of the array")]
    [InlineData("a.json", "[{\"q\":1}] 5", "there is more after the end of the array")]
    [InlineData("a.json", "{\"q\":1} x", "not valid JSON")]
    [InlineData("a.json", "", "no rows")]
    [InlineData("a.json", " \n ", "no rows")]
    [InlineData("a.csv", "q\na\u0000b\n", "line 2: the line holds a NUL byte")]
    [InlineData("a.json", "[{\"q\":1,\"q\":2}]", "element 1")]
    [InlineData("a.csv", "q,q\n1,2\n", "'q' twice")]
    [InlineData("a.csv", "q,a\n1,2\n3\n", "line 3: found 1 fields, expected 2")]
    [InlineData("a.csv", "q,a\n1,2\n3,4,5\n", "line 3: found 3 fields, expected 2")]
    [InlineData("a.csv", "q,a\nx \"y\" z,2\n", "line 2: stray quote")]
    [InlineData("a.parquet", "PAR1 but not really PAR1", "cannot be read as Parquet")]
    [InlineData("a.parquet", "", "cannot be read as Parquet")]
    [InlineData("a.txt", "hello", "'.txt'")]
    public void Read_BrokenFile_SaysWhereAndWhy(string name, string text, string expected)
    {
        var path = _files.Write(name, text);

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(path).ToArray());

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.json")]
    [InlineData("a.csv")]
    public void Read_NotUtf8_IsAnError(string name)
    {
        byte[] text =
            [.. Encoding.UTF8.GetBytes(name == "a.json" ? "[{\"q\":\"" : name == "a.jsonl" ? "{\"q\":\"" : "q\n"), 0xFF, 0xFE, .. "\"}]"u8];
        var path = _files.Write(name, text);

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(path).ToArray());

        Assert.Contains(name == "a.csv" ? "line 2: " : "line 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.jsonl", "{\"q\":\"", "\"}")]
    [InlineData("a.json", "[{\"q\":\"", "\"}]")]
    [InlineData("a.csv", "q\n\"", "\"\n")]
    public void Read_RowBeyondTheLimit_IsAnError(string name, string before, string after)
    {
        var path = _files.Write(name, before + new string('x', Row.MaxCharacters + 1) + after);

        var error = Assert.Throws<FileFormatException>(() => RowReader.Read(path).ToArray());

        Assert.Contains($"{Row.MaxCharacters} characters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MissingFileOrFolder_IsAnError()
    {
        Assert.Throws<FileFormatException>(() => RowReader.Read(Path.Combine(_files.Folder, "none.jsonl")));
        Assert.Throws<FileFormatException>(() => RowReader.Read(_files.Folder));
    }

    [Fact]
    public async Task Read_DamagedParquetPages_GivesTheRowsOrOneKindOfError()
    {
        var path = Path.Combine(_files.Folder, "a.parquet");
        await ParquetSerializer.SerializeAsync(
            Enumerable.Range(0, 20).Select(i => new ParquetLine { Text = $"row {i}", Number = i, Parts = [$"{i}"] }),
            path,
            cancellationToken: TestContext.Current.CancellationToken);
        var good = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        var metadataLength = BitConverter.ToInt32(good, good.Length - 8);

        // Every byte of the pages in turn. Not of the metadata: some damage there costs the reader's whole patience.
        for (var at = 0; at < good.Length - 8 - metadataLength; at++)
        {
            var bad = good.ToArray();
            bad[at] ^= (byte)(1 << (at % 8));
            var damaged = _files.Write("bad.parquet", bad);
            try
            {
                Assert.InRange(RowReader.Read(damaged).Count(), 1, 20);
            }
            catch (FileFormatException error)
            {
                Assert.Contains(damaged, error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Require_MissingColumn_SuggestsTheNearest()
    {
        var row = new Row("data.csv", "line 2", new Dictionary<string, string> { ["question"] = "Why?", ["answer"] = "So." });

        var error = Assert.Throws<FileFormatException>(() => row.Require("qestion"));

        Assert.Equal(
            "data.csv, line 2: there is no value for column 'qestion'. Did you mean 'question'? The row has: question, answer. "
            + "Name the right column in data.columns (qestion: NAME), or with --column qestion=NAME.",
            error.Message);
    }

    [Theory]
    [InlineData("[1, [2]]")]
    [InlineData("a, b")]
    [InlineData("{}")]
    public void RequireList_NoList_IsAnError(string value)
    {
        var row = new Row("data.csv", "line 2", new Dictionary<string, string> { ["endings"] = value });

        Assert.Throws<FileFormatException>(() => row.RequireList("endings"));
    }

    private sealed class ParquetLine
    {
        public string? Text { get; set; }

        public double Number { get; set; }

        public List<string>? Parts { get; set; }

        public ParquetSource? Source { get; set; }
    }

    private sealed class ParquetSource
    {
        public int Page { get; set; }
    }
}
