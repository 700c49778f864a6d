using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Text.Data;
using Xunit;

namespace ResLora.Tests.Images.Folders;

public sealed class PictureDataReaderTests
{
    [Fact]
    public void Read_FolderAClass_SortsClassesByCodePoints()
    {
        using var tree = new PictureTree("cat/4.webp", "Zebra fish/3.JPEG", "10/0.png", "9/1.PNG", "été/5.png", "ﬁ/6.png", "🙂/7.png");

        var data = tree.ReadLabels();

        Assert.Equal(["10", "9", "Zebra fish", "cat", "été", "ﬁ", "🙂"], data.Classes!.Names);
        Assert.False(data.HasSplits);
        Assert.Contains("Zebra fish/3.JPEG =Zebra fish", PictureTree.Lines(data));
        Assert.Equal(data.Pictures.Count, data.Of(TaskSplit.Train).Count);
    }

    [Fact]
    public void Read_WhatSystemsLeaveBehind_IsPassedOver()
    {
        using var tree = new PictureTree(
            "cat/1.png",
            "dog/2.png",
            "cat/._1.png",
            ".git/fox/3.png",
            "__MACOSX/fox/4.png",
            "dog/notes.txt|no picture",
            "README.md|# Data");

        Assert.Equal(["cat/1.png =cat", "dog/2.png =dog"], PictureTree.Lines(tree.ReadLabels()));
        Assert.Empty(tree.Told);
    }

    [Fact]
    public void Read_SplitFolders_GiveSplitsAtAnyDepthAndInAnyCase()
    {
        using var tree = new PictureTree(
            "data/my-test/cat/2.png",
            "data/my-test/dog/3.png",
            "data/Train_images/cat/0.png",
            "data/Train_images/dog/1.png",
            "data/val/dog/4.png");

        var data = tree.ReadLabels();

        Assert.Equal(
            ["data/Train_images/cat/0.png =cat", "data/Train_images/dog/1.png =dog", "Test: data/my-test/cat/2.png =cat", "Test: data/my-test/dog/3.png =dog", "Validation: data/val/dog/4.png =dog"],
            PictureTree.Lines(data));
        Assert.True(data.HasSplits);
        Assert.Equal(2, data.Of(TaskSplit.Test).Count);
    }

    [Fact]
    public void Read_NamesOfFiles_MakeNoSplits()
    {
        using var tree = new PictureTree("cat/1.png", "dog/test_4.png");

        Assert.Equal(["cat/1.png =cat", "dog/test_4.png =dog"], PictureTree.Lines(tree.ReadLabels()));
    }

    [Fact]
    public void Read_ClassThatIsOnlyInTheTest_IsToldOf()
    {
        using var tree = new PictureTree("train/cat/1.png", "train/fox/2.png", "test/cat/3.png", "test/dog/4.png");

        Assert.Equal(["cat", "dog", "fox"], tree.ReadLabels().Classes!.Names);

        Assert.Contains("the class 'dog' is only in test", Assert.Single(tree.Told), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EmptyFolderOfAClass_IsToldOf()
    {
        using var tree = new PictureTree("cat/1.png", "dog/2.png");
        Directory.CreateDirectory(tree["fox"]);

        Assert.Equal(["cat", "dog"], tree.ReadLabels().Classes!.Names);

        Assert.Contains("'fox' has no picture", Assert.Single(tree.Told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cat/1.png cat/2.png", "only one class, 'cat'")]
    [InlineData("train/1.png test/2.png", "'test/2.png' lies in no folder of a class")]
    [InlineData("1.png cat/2.png", "'1.png' lies in no folder of a class")]
    [InlineData("cat/1.png dog/4.png dog/young/3.png", "'dog/young/3.png' lies in more folders than 'cat/1.png'")]
    [InlineData("bus/1.png car/2.png train/3.png", "'train' is named after a split, and 'bus/1.png'")]
    [InlineData("notes.txt|none", "has no pictures and no tables")]
    [InlineData("1.png metadata.json|{}", "metadata.json' is not read")]
    [InlineData("1.png Metadata.csv|file_name,label", "Metadata.csv' is not read")]
    public void Read_LayoutThatIsNotClear_IsRefusedByName(string files, string part)
    {
        using var tree = new PictureTree(files.Split(' '));

        var refusal = tree.LabelsRefusal();

        Assert.Contains(part, refusal, StringComparison.Ordinal);
        Assert.Contains(tree.Path, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PicturesOfOtherFormats_AreListedToBeRefusedByName()
    {
        using var tree = new PictureTree("cat/1.png", "dog/2.tif|II*\0", "dog/3.heic|....ftypheic");

        Assert.Equal(3, tree.ReadLabels().Pictures.Count);
    }

    [Fact]
    public void Read_NothingAsked_ListsPicturesWhateverTheirFolders()
    {
        using var tree = new PictureTree("1.png", "cat/2.png", "dog/young/3.png", "metadata.jsonl|{");

        Assert.Equal(["1.png", "cat/2.png", "dog/young/3.png"], PictureTree.Lines(tree.Read(new PictureRequest())));
    }

    [Fact]
    public void Read_NestedTooDeep_IsRefused()
    {
        using var tree = new PictureTree(string.Concat(Enumerable.Repeat("a/", 40)) + "1.png");

        Assert.Contains("nested deeper than 32", tree.LabelsRefusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LinkThatLeadsBack_EndsInAnError()
    {
        using var tree = new PictureTree("cat/1.png", "dog/2.png");
        Directory.CreateSymbolicLink(tree["dog/back"], tree.Path);

        Assert.Contains("nested deeper", tree.LabelsRefusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PathThatIsNotThere_IsRefusedByName()
    {
        var error = Assert.Throws<FileFormatException>(() => PictureDataReader.Read("/no/such/place", new PictureRequest()));

        Assert.Contains("/no/such/place", error.Message, StringComparison.Ordinal);
    }
}
