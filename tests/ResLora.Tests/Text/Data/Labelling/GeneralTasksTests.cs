using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Text.Data.Labelling;

public sealed class GeneralTasksTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("train.csv", "text,label\n\"late, again\",bill\nthe pump leaks,fault\nthank you,praise\nlate,bill\n")]
    [InlineData("train.tsv", "label\ttext\nbill\tlate, again\nfault\tthe pump leaks\npraise\tthank you\nbill\tlate\n")]
    [InlineData("train.jsonl", "{\"text\":\"late, again\",\"label\":\"bill\"}\n{\"text\":\"the pump leaks\",\"label\":\"fault\"}\n{\"text\":\"thank you\",\"label\":\" praise \"}\n{\"text\":\"late\",\"label\":\"bill\"}\n")]
    public void Classification_LabelsInTheTrainingData_AreFoundAndSorted(string file, string content)
    {
        _files.Write(file, content);

        var data = LabelledTaskRegistry.Get("classification").Read(_files.Folder, TaskSplit.Train);

        Assert.Equal(["bill", "fault", "praise"], data.Labels!.Names);
        Assert.Equal([0, 1, 2, 0], data.Texts.Select(text => text.Label!.Value));
        Assert.Equal(new LabelledText(0, "late, again", null) { Label = 0 }, data.Texts[0]);
        Assert.Equal([new("bill", 2, 0.5), new("fault", 1, 0.25), new ClassShare("praise", 1, 0.25)], data.Balance());
    }

    [Fact]
    public void Classification_LabelsGiven_CountInTheirOrderAndMayBeUnused()
    {
        var path = _files.Write("train.csv", "text,label\na,no\nb,yes\n");
        var labels = new LabelSet(["yes", "perhaps", "no"]);

        var data = LabelledTaskRegistry.Get("classification").Read(path, TaskSplit.Train, labels);

        Assert.Equal([2, 0], data.Texts.Select(text => text.Label!.Value));
        Assert.Equal([1, 0, 1], data.Balance().Select(share => share.Count));
    }

    [Theory]
    [InlineData(TaskSplit.Validation)]
    [InlineData(TaskSplit.Test)]
    public void Classification_LabelThatTrainingLacks_IsAnErrorWithItsLine(TaskSplit split)
    {
        var path = _files.Write("other.csv", "text,label\na,no\nb,mabye\n");

        var error = Assert.Throws<FileFormatException>(() =>
            LabelledTaskRegistry.Get("classification").Read(path, split, new LabelSet(["no", "maybe"])));

        Assert.Contains(
            "other.csv, line 3: the label is 'mabye'. Did you mean 'maybe'? Expected one of: no, maybe.",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Classification_OtherSplitWithoutLabels_IsACallersMistake()
    {
        var path = _files.Write("other.csv", "text,label\na,no\n");

        Assert.Throws<ArgumentException>(() => LabelledTaskRegistry.Get("classification").Read(path, TaskSplit.Validation));
    }

    [Fact]
    public void Classification_NamedColumns_MakePairs()
    {
        var path = _files.Write("train.csv", "title,body,kind\nHello,Long ago,-1\nBye,Now,1\n");
        var columns = new ColumnMap(new Dictionary<string, string> { ["text"] = "title", ["text2"] = "body", ["label"] = "kind" });

        var data = LabelledTaskRegistry.Get("classification", columns).Read(path, TaskSplit.Train);

        Assert.Equal(["-1", "1"], data.Labels!.Names);
        Assert.Equal([new(0, "Hello", "Long ago") { Label = 0 }, new(1, "Bye", "Now") { Label = 1 }], data.Texts);
    }

    [Fact]
    public void Classification_TestWithoutLabels_GivesTexts()
    {
        var path = _files.Write("test.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n");

        var data = LabelledTaskRegistry.Get("classification").Read(path, TaskSplit.Test, new LabelSet(["no", "yes"]));

        Assert.Equal([new(0, "a", null), new(1, "b", null)], data.Texts);
        Assert.False(data.IsLabelled);
    }

    [Theory]
    [InlineData("{\"text\":\" \",\"label\":\"a\"}", "line 1: column 'text' is empty")]
    [InlineData("{\"txt\":\"x\",\"label\":\"a\"}", "Did you mean 'txt'?")]
    [InlineData("{\"text\":\"x\"}", "line 1: there is no label in column 'label'")]
    [InlineData("{\"text\":\"x\",\"text2\":\"y\",\"label\":\"a\"}\n{\"text\":\"x\",\"label\":\"b\"}", "line 2: column 'text2' is missing")]
    [InlineData("{\"text\":\"x\",\"label\":\"a\"}\n{\"text\":\"x\",\"text2\":\"y\",\"label\":\"b\"}", "line 2: column 'text2' is there")]
    public void Classification_RowOutOfLayout_SaysWhereAndWhy(string content, string expected)
    {
        var path = _files.Write("train.jsonl", content + "\n");

        var error = Assert.Throws<FileFormatException>(() => LabelledTaskRegistry.Get("classification").Read(path, TaskSplit.Train));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classification_NumbersForLabels_AreNamedBeforeTheyFillTheMemory()
    {
        _files.Write("train.csv", "text,label\n" + string.Concat(Enumerable.Range(0, LabelSet.MostLabels + 1).Select(i => $"a,{i}\n")));

        var error = Assert.Throws<ConfigException>(() => LabelledTaskRegistry.Get("classification").Read(_files.Folder, TaskSplit.Train));

        Assert.Contains("at most 1000 labels, found 1001", error.Message, StringComparison.Ordinal);
        Assert.Contains("regression", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classification_OneLabelOnly_IsAnError()
    {
        var path = _files.Write("train.csv", "text,label\na,no\nb,no\n");

        var error = Assert.Throws<ConfigException>(() => LabelledTaskRegistry.Get("classification").Read(path, TaskSplit.Train));

        Assert.Contains("only 'no'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Regression_AnyNumbers_AreScores()
    {
        var path = _files.Write("train.csv", "text,label\na,-1\nb,2.5e3\n");

        var data = LabelledTaskRegistry.Get("regression").Read(path, TaskSplit.Train);

        Assert.Equal([new(0, "a", null) { Score = -1 }, new(1, "b", null) { Score = 2500 }], data.Texts);
        Assert.Null(data.Labels);
    }

    [Theory]
    [InlineData("high")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    public void Regression_NoNumber_IsAnErrorWithItsLine(string label)
    {
        var path = _files.Write("train.csv", $"text,label\na,1\nb,{label}\n");

        var error = Assert.Throws<FileFormatException>(() => LabelledTaskRegistry.Get("regression").Read(path, TaskSplit.Train));

        Assert.Contains($"line 3: the score is '{label}', expected a number", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10 9 -1", "-1 9 10")]
    [InlineData("b a B", "B a b")]
    [InlineData("10 9 x", "10 9 x")]
    public void Sorted_AnyOrder_IsByValueOrByCode(string names, string expected)
    {
        var forward = LabelSet.Sorted(names.Split(' '));
        var backward = LabelSet.Sorted([.. names.Split(' ').Reverse()]);

        Assert.Equal(expected.Split(' '), forward.Names);
        Assert.Equal(forward.Names, backward.Names);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a|b|a")]
    [InlineData("a| ")]
    public void LabelSet_NotTwoNamesOrMore_IsAnError(string names) =>
        Assert.Throws<ConfigException>(() => new LabelSet(names.Split('|', StringSplitOptions.None).Where(name => name.Length > 0)));
}
