using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Images.Folders;

public sealed class ModelClassesTests
{
    [Fact]
    public void Read_DataOfAModelWithNames_TakesTheModelsNumbers()
    {
        using var tree = new PictureTree("cat/0.png", "dog/1.png");

        var data = tree.Read(new PictureRequest { Labels = true, Model = new ModelClasses(["dog", "fox", "cat"]) });

        Assert.Equal(["dog", "fox", "cat"], data.Classes!.Names);
        Assert.Equal([2, 0], data.Pictures.Select(picture => picture.Label!.Value));
    }

    [Fact]
    public void Read_ClassThatTheModelHasNot_IsRefusedByName()
    {
        using var tree = new PictureTree("cats/0.png", "dog/1.png");

        var refusal = tree.Refusal(new PictureRequest { Labels = true, Model = new ModelClasses(["cat", "dog"]) });

        Assert.Contains("the class 'cats', which the model has not. Did you mean 'cat'?", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ModelWithoutNames_TakesTheOrderOfTheFoldersAndSaysSo()
    {
        using var tree = new PictureTree("cat/0.png", "dog/1.png");

        var data = tree.Read(new PictureRequest { Labels = true, Model = new ModelClasses(["LABEL_0", "LABEL_1"]) });

        Assert.Equal(["cat", "dog"], data.Classes!.Names);
        Assert.Contains("in the order cat, dog", Assert.Single(tree.Told), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ModelWithoutNamesAndOtherClasses_IsRefused()
    {
        using var tree = new PictureTree("cat/0.png", "dog/1.png");

        Assert.Contains(
            "2 classes and the model 3",
            tree.Refusal(new PictureRequest { Labels = true, Model = new ModelClasses(["LABEL_0", "LABEL_1", "LABEL_2"]) }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "id2label": { "1": "dog", "0": "cat" }, "label2id": { "cat": 0, "dog": 1 } }""", "cat dog")]
    [InlineData("""{ "id2label": { "0": "cat", "1": "dog" } }""", "cat dog")]
    [InlineData("""{ "id2label": { "0": "cat", "1": "dog" }, "label2id": { "cat": "0", "dog": "1" } }""", "cat dog")]
    public void Read_Config_GivesTheNamesInOrder(string config, string names)
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(names, string.Join(' ', ModelClasses.Read(folder.Write("config.json", config))!.Names));
    }

    [Theory]
    [InlineData("""{ "id2label": { "0": "cat", "1": "dog" }, "label2id": { "cat": 1, "dog": 0 } }""", "class 0 is 'cat'")]
    [InlineData("""{ "id2label": { "0": "cat", "1": "dog" }, "label2id": { "cat": 0 } }""", "class 1 is 'dog'")]
    [InlineData("""{ "id2label": { "1": "cat", "2": "dog" } }""", "none is number 0")]
    [InlineData("""{ "id2label": [] }""", "id2label")]
    public void Read_ConfigThatContradictsItself_IsRefused(string config, string part)
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => ModelClasses.Read(folder.Write("config.json", config)));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ConfigWithoutClasses_IsNull()
    {
        using var folder = new TemporaryFolder();

        Assert.Null(ModelClasses.Read(folder.Write("config.json", "{}")));
    }
}
