using ResLora.Images.Folders;
using ResLora.Text.Data;
using Xunit;

namespace ResLora.Tests.Images.Folders;

public sealed class MetadataTests
{
    [Fact]
    public void Read_Csv_TakesQuotesMarksAndBackslashes()
    {
        using var tree = new PictureTree(
            "images/1.png", "images/2.png", "images/a,b.png",
            "metadata.csv|\uFEFFfile_name,text\nimages/1.png,\"He said \"\"so\"\", then\"\nimages\\2.png,\"two\nlines\"\n\"images/a,b.png\",plain\n");

        Assert.Equal(
            ["images/1.png He said \"so\", then", "images/2.png two\nlines", "images/a,b.png plain"],
            PictureTree.Lines(tree.ReadCaptions()));
    }

    [Fact]
    public void Read_FilesInSeveralFolders_EachSpeakOfTheirOwn()
    {
        using var tree = new PictureTree(
            "train/1.png", "test/1.png", "train/metadata.jsonl|{\"file_name\":\"1.png\",\"text\":\"one\"}", "test/metadata.jsonl|{\"file_name\":\"./1.png\",\"text\":\"three\"}");

        Assert.Equal(["Test: test/1.png three", "train/1.png one"], PictureTree.Lines(tree.ReadCaptions()));
    }

    [Fact]
    public void Read_FileAboveTheSplits_SpeaksOfAll()
    {
        using var tree = new PictureTree(
            "train/1.png",
            "test/3.png",
            "metadata.jsonl|{\"file_name\":\"train/1.png\",\"text\":\"one\"}\n{\"file_name\":\"x/../test/3.png\",\"text\":\"three\"}");

        Assert.Equal(["Test: test/3.png three", "train/1.png one"], PictureTree.Lines(tree.ReadCaptions()));
    }

    [Fact]
    public void Read_SeveralCaptionsOfAPicture_AreSeveralExamples()
    {
        using var tree = new PictureTree(
            "1.png", "metadata.jsonl|{\"file_name\":\"1.png\",\"text\":\"one\"}\n{\"file_name\":\"1.png\",\"text\":\"another\"}");

        Assert.Equal(["1.png one", "1.png another"], PictureTree.Lines(tree.ReadCaptions()));
    }

    [Theory]
    [InlineData("5 10 1", "1 5 10")]
    [InlineData("007 10 7", "007 10 7")]
    [InlineData("None nan 7", "7 None nan")]
    public void Read_Labels_AreTextAndOrderedAsNumbersWhereAllAre(string labels, string classes)
    {
        var lines = labels.Split(' ').Select((label, i) => $"{i}.png,{label}\n");
        using var tree = new PictureTree("0.png", "1.png", "2.png", "metadata.csv|file_name,label\n" + string.Concat(lines));

        var data = tree.ReadLabels();

        Assert.Equal(classes, string.Join(' ', data.Classes!.Names));
        Assert.Equal(labels, string.Join(' ', data.Pictures.Select(picture => data.Classes.Names[picture.Label!.Value])));
    }

    [Fact]
    public void Read_ColumnsOfOtherNames_AreTakenWhenNamed()
    {
        using var tree = new PictureTree("1.png", "2.png", "metadata.csv|file_name,prompt,category\n1.png,one,dog\n2.png,two,cat\n");
        var columns = new ColumnMap(new Dictionary<string, string> { ["label"] = "category", ["text"] = "prompt" });

        Assert.Equal(
            ["1.png =dog one", "2.png =cat two"],
            PictureTree.Lines(tree.Read(new PictureRequest { Labels = true, Captions = true, Columns = columns })));
        Assert.Contains("'label'", tree.LabelsRefusal(), StringComparison.Ordinal);
        Assert.Contains("file_name, prompt, category", tree.LabelsRefusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EmptyCaption_IsToldOf()
    {
        using var tree = new PictureTree("1.png", "metadata.jsonl|{\"file_name\":\"1.png\",\"text\":\" \"}");

        tree.ReadCaptions();

        Assert.Contains("the caption of '1.png' is empty", Assert.Single(tree.Told), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PictureWithoutALine_IsLeftOutAndToldOf()
    {
        using var tree = new PictureTree("1.png", "extra.png", "metadata.jsonl|{\"file_name\":\"1.png\",\"text\":\"one\"}");

        Assert.Equal(["1.png one"], PictureTree.Lines(tree.ReadCaptions()));
        Assert.Contains("extra.png", Assert.Single(tree.Told), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TableOfAnotherName_IsToldOf()
    {
        using var tree = new PictureTree("cat/1.png", "dog/2.png", "labels.csv|a,b\n");

        tree.ReadLabels();

        Assert.Contains("labels.csv' is not read", Assert.Single(tree.Told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/hostname")]
    [InlineData("C:/windows/1.png")]
    [InlineData("https://example.org/1.png")]
    [InlineData("../1.png")]
    [InlineData("a/../../1.png")]
    [InlineData("..\\\\1.png")]
    [InlineData("")]
    [InlineData("./")]
    public void Read_PathThatLeavesTheFolder_IsRefusedWithItsLine(string path)
    {
        using var tree = new PictureTree(
            "in/1.png",
            "in/metadata.jsonl|{\"file_name\":\"1.png\",\"text\":\"one\"}\n{\"file_name\":\"" + path + "\",\"text\":\"two\"}",
            "1.png");

        var refusal = tree.Refusal(new PictureRequest { Captions = true });

        Assert.Contains("metadata.jsonl, line 2", refusal, StringComparison.Ordinal);
        Assert.Contains("nothing outside of it is read", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metadata.csv|file_name,text\n1.png,one\ntwo.png,two\n", "metadata.csv, line 3: there is no picture 'two.png'")]
    [InlineData("metadata.csv|image,text\n1.png,one\n", "there is no 'file_name', which names the picture; the line has: image, text")]
    [InlineData("metadata.jsonl|{\"file_name\":[\"1.png\"],\"text\":\"one\"}", "column 'file_name'")]
    [InlineData("metadata.jsonl|{\"file_name\":\"1.png\"}", "there is no value for column 'text'")]
    [InlineData("metadata.jsonl|{\"file_name\":", "metadata.jsonl")]
    public void Read_LineThatSaysNothingOfAPicture_IsRefused(string metadata, string part)
    {
        using var tree = new PictureTree("1.png", metadata);

        Assert.Contains(part, tree.Refusal(new PictureRequest { Captions = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TwoKindsOfMetadata_AreRefused()
    {
        using var tree = new PictureTree(
            "1.png", "metadata.csv|file_name,text\n1.png,one\n", "metadata.jsonl|{\"file_name\":\"1.png\",\"text\":\"one\"}");

        Assert.Contains(
            "has both 'metadata.csv' and 'metadata.jsonl'", tree.Refusal(new PictureRequest { Captions = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TwoFilesThatNameAPicture_AreRefused()
    {
        using var tree = new PictureTree(
            "in/1.png",
            "metadata.jsonl|{\"file_name\":\"in/1.png\",\"text\":\"one\"}",
            "in/metadata.jsonl|{\"file_name\":\"1.png\",\"text\":\"two\"}");

        Assert.Contains("'in/1.png' is also in", tree.Refusal(new PictureRequest { Captions = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TextsBesideThePictures_AreCaptions()
    {
        using var tree = new PictureTree("1.png", "1.txt|one\n", "2.jpg", "2.txt|zwei, ünïcode");

        Assert.Equal(["1.png one", "2.jpg zwei, ünïcode"], PictureTree.Lines(tree.ReadCaptions()));
    }

    [Fact]
    public void Read_PictureWithoutATextBesideIt_IsRefusedByName()
    {
        using var tree = new PictureTree("1.png", "1.txt|one\n", "2.jpg");

        Assert.Contains("2.jpg' has no caption", tree.Refusal(new PictureRequest { Captions = true }), StringComparison.Ordinal);
    }
}
