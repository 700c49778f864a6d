using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using Xunit;

namespace ResLora.Tests.Text.Data.Tasks;

public sealed class PatternTaskTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("#### (.+)", "so #### 4 \nor #### 5", "5")]
    [InlineData("[0-9]+", "3 and 12", "12")]
    [InlineData("#### (.+)", "no mark", null)]
    public void ExtractAnswer_Pattern_GivesTheFirstGroupOfTheLastMatch(string pattern, string text, string? expected)
    {
        Assert.Equal(expected, PatternTask.With(TaskRegistry.Get("chat"), pattern).ExtractAnswer(text));
    }

    [Fact]
    public void Read_Pattern_FindsTheAnswersOfTheData()
    {
        var path = _files.Write("a.jsonl", "{\"prompt\":\"a\",\"completion\":\"b is 4.\"}\n{\"prompt\":\"c\",\"completion\":\"d\"}\n");

        var samples = PatternTask.With(TaskRegistry.Get("completion"), "is ([0-9])").Read(path, TaskSplit.Train);

        Assert.Equal(["4", null], samples.Select(sample => sample.Answer));
    }

    [Fact]
    public void Read_PatternThatFitsNoAnswer_IsRefused()
    {
        var path = _files.Write("a.jsonl", "{\"prompt\":\"a\",\"completion\":\"b\"}\n");

        var error = Assert.Throws<ConfigException>(() => PatternTask.With(TaskRegistry.Get("completion"), "#").Read(path, TaskSplit.Train));

        Assert.Contains("None of the 1 answers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_NoPattern_IsTheTaskItself()
    {
        var task = TaskRegistry.Get("chat");

        Assert.Same(task, PatternTask.With(task, null));
    }

    [Fact]
    public void With_BrokenPattern_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => PatternTask.With(TaskRegistry.Get("chat"), "(a"));

        Assert.Contains("'(a' is no regular expression", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExtractAnswer_EndlessPattern_IsRefusedAfterASecond()
    {
        var task = PatternTask.With(TaskRegistry.Get("chat"), "^(a+)+$");

        var error = Assert.Throws<ConfigException>(() => task.ExtractAnswer(new string('a', 40) + "!"));

        Assert.Contains("takes more than a second", error.Message, StringComparison.Ordinal);
    }
}
