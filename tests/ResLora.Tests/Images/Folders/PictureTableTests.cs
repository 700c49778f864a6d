using Parquet;
using Parquet.Schema;
using Parquet.Serialization;
using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Text.Data;
using ResLora.Text.Data.Readers;
using Xunit;

namespace ResLora.Tests.Images.Folders;

public sealed class PictureTableTests
{
    [Theory]
    [InlineData("data.csv", "file_name,label\na/1.png,cat\na/2.png,dog\n")]
    [InlineData("data.tsv", "image\tlabel\na/1.png\tcat\na/2.png\tdog\n")]
    [InlineData("data.jsonl", "{\"img\":\"a/1.png\",\"label\":\"cat\"}\n{\"img\":\"./a/2.png\",\"label\":\"dog\"}\n")]
    public void Read_TableOfPaths_GivesPicturesBesideIt(string name, string content)
    {
        using var tree = new PictureTree("a/1.png", "a/2.png", $"{name}|{content}");

        var data = PictureDataReader.Read(tree[name], new PictureRequest { Labels = true });

        Assert.Equal(["a/1.png =cat", "a/2.png =dog"], PictureTree.Lines(data));
        Assert.Equal(2, data.Pictures[1].Source.Decode().Height);
    }

    [Theory]
    [InlineData("image,label\n../1.png,cat\n", "nothing outside of it is read")]
    [InlineData("image,label\n3.png,cat\n", "line 2: there is no picture '3.png'")]
    [InlineData("photo,label\n1.png,cat\n", "there is no picture in 'image' or 'img' or 'file_name'; the row has: photo, label")]
    [InlineData("image,label\n1.png,\n", "the label in column 'label' is empty")]
    [InlineData("image,label\n", "holds no rows")]
    public void Read_RowWithoutAPicture_IsRefusedWithItsLine(string content, string part)
    {
        using var tree = new PictureTree("1.png", $"data.csv|{content}");

        var error = Assert.Throws<FileFormatException>(
            () => PictureDataReader.Read(tree["data.csv"], new PictureRequest { Labels = true }));

        Assert.Contains("data.csv", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ParquetOfTheHub_GivesBytesAndTheDeclaredClasses()
    {
        using var tree = new PictureTree();
        var picture = TinyPictures.Ramp(3, 4);
        const string features = """{"info":{"features":{"label":{"names":["zebra","ant"],"_type":"ClassLabel"}}}}""";
        await WriteAsync(
            tree["data/train-00000-of-00001.parquet"],
            features,
            new HubRow(TinyPictures.Png(picture), "a.png", 1),
            new HubRow(TinyPictures.Png(picture), "b.png", 0));
        await WriteAsync(
            tree["data/test-00000-of-00001.parquet"], features, new HubRow(TinyPictures.Png(TinyPictures.Ramp(5, 5)), "c.png", 1));

        var data = tree.ReadLabels();

        Assert.Equal(["zebra", "ant"], data.Classes!.Names);
        Assert.True(data.HasSplits);
        Assert.Equal([1, 0], data.Of(TaskSplit.Train).Select(one => one.Label!.Value));
        Assert.Equal(picture.Bytes, data.Of(TaskSplit.Train)[0].Source.Decode().Bytes);
        Assert.Equal(5, Assert.Single(data.Of(TaskSplit.Test)).Source.Decode().Width);
        Assert.Equal("data/test-00000-of-00001.parquet, row 1", data.Of(TaskSplit.Test)[0].Source.Name);
    }

    [Fact]
    public async Task Read_ParquetOfPathsOrPlainBytes_IsReadToo()
    {
        using var tree = new PictureTree("a/1.png");
        await WriteAsync(
            tree["paths.parquet"], null, new HubRow(null, "a/1.png", 0), new HubRow(TinyPictures.Png(TinyPictures.Ramp(1, 1)), null, 1));
        await ParquetSerializer.SerializeAsync(
            [new BytesRow { img = TinyPictures.Png(TinyPictures.Ramp(2, 7)), fine = "x" }],
            tree["bytes.parquet"],
            cancellationToken: TestContext.Current.CancellationToken);

        var paths = PictureDataReader.Read(tree["paths.parquet"], new PictureRequest { Labels = true });
        var bytes = PictureDataReader.Read(
            tree["bytes.parquet"],
            new PictureRequest { Captions = true, Columns = new ColumnMap(new Dictionary<string, string> { ["text"] = "fine" }) });

        Assert.Equal(["a/1.png =0", "paths.parquet, row 2 =1"], PictureTree.Lines(paths));
        Assert.Equal(2, paths.Pictures[0].Source.Decode().Height);
        Assert.Equal("x", Assert.Single(bytes.Pictures).Caption);
        Assert.Equal(7, bytes.Pictures[0].Source.Decode().Width);
    }

    [Fact]
    public async Task Read_BrokenPictureInARow_IsNamedByItsRow()
    {
        using var tree = new PictureTree();
        await WriteAsync(tree["data.parquet"], null, new HubRow([1, 2, 3], "a.png", 0));

        var only = Assert.Single(PictureDataReader.Read(tree["data.parquet"], new PictureRequest()).Pictures);

        var error = Assert.Throws<FileFormatException>(() => only.Source.Decode());
        Assert.Contains("data.parquet, row 1 is no picture", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_LabelBeyondTheDeclaredClasses_IsRefused()
    {
        using var tree = new PictureTree();
        await WriteAsync(tree["data.parquet"], """{"info":{"features":{"label":{"names":["a","b"]}}}}""", new HubRow([1], "a.png", 2));

        var error = Assert.Throws<FileFormatException>(
            () => PictureDataReader.Read(tree["data.parquet"], new PictureRequest { Labels = true }));

        Assert.Contains("row 1: the label is '2', expected a number of the 2 classes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_WithoutBytesAsked_LeavesRowsAsTheyWere()
    {
        using var tree = new PictureTree();
        await WriteAsync(tree["data.parquet"], null, new HubRow([.. "text"u8], "a.png", 0));

        var row = Assert.Single(RowReader.Read(tree["data.parquet"]));

        Assert.Empty(row.Bytes);
        Assert.Contains("image", row.Nested);
    }

    private static async Task WriteAsync(string path, string? features, params HubRow[] rows)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = new DataField<byte[]>("bytes");
        var name = new DataField<string>("path");
        var label = new DataField<long>("label");
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(
            new ParquetSchema(
                new StructField("image", bytes, name), label), file, cancellationToken: TestContext.Current.CancellationToken);
        if (features is not null)
        {
            writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = features };
        }

        using var group = writer.CreateRowGroup();
        await group.WriteAsync(bytes, [.. rows.Select(row => row.Bytes!)]);
        await group.WriteAsync(name, [.. rows.Select(row => row.Path!)]);
        await group.WriteAsync<long>(
            label, rows.Select(row => row.Label).ToArray(), cancellationToken: TestContext.Current.CancellationToken);
    }

    private sealed record HubRow(byte[]? Bytes, string? Path, long Label);

#pragma warning disable IDE1006 // the hub's own names of columns
    private sealed class BytesRow
    {
        public byte[]? img { get; set; }

        public string? fine { get; set; }
    }
#pragma warning restore IDE1006 // only here
}
