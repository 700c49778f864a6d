using ResLora.Formats.Errors;
using ResLora.Text.Data.Tasks;
using Xunit;

namespace ResLora.Tests.Text.Data.Tasks;

public sealed class TaskFinderTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(false, "{\"prompt\":\"a\",\"completion\":\"b\"}", "completion")]
    [InlineData(false, "{\"question\":\"a\",\"answer\":\"b\"}", "completion")]
    [InlineData(false, "{\"question\":\"a\",\"answer\":\"b #### 4\"}", "gsm8k")]
    [InlineData(false, "{\"instruction\":\"a\",\"input\":\"\",\"output\":\"b\"}", "alpaca")]
    [InlineData(false, "{\"instruction\":\"a\",\"output\":\"b\"}", "alpaca")]
    [InlineData(false, "{\"Body\":\"a\",\"Question\":\"b\",\"Equation\":\"c\",\"Answer\":1}", "svamp")]
    [InlineData(false, "{\"id\":1,\"text\":\"a\"}", "text")]
    [InlineData(false, "{\"content\":\"a\"}", "text")]
    [InlineData(false, "{\"messages\":[]}", "chat")]
    [InlineData(false, "{\"prompt\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}", "chat")]
    [InlineData(false, "{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"}]}", "chat")]
    [InlineData(false, "{\"dialogue\":\"[{\\\"role\\\": \\\"user\\\"}]\"}", "chat")]
    [InlineData(false, "{\"prompt\":[{\"role\":\"user\"}],\"completion\":[{\"role\":\"assistant\"}]}", "chat")]
    [InlineData(true, "{\"text\":\"a\",\"label\":\"good\"}", "classification")]
    [InlineData(true, "{\"text\":\"a\",\"label\":1}", "classification")]
    [InlineData(true, "{\"text\":\"a\",\"label\":0.5}", "regression")]
    public void Find_ColumnsOfATask_GiveItsName(bool isForEncoder, string row, string expected)
    {
        var (task, reason) = TaskFinder.Find(_files.Write("a.jsonl", row), isForEncoder);

        Assert.Equal(expected, task);
        Assert.StartsWith("it has the column", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "{\"text\":\"a\",\"label\":\"good\"}", "name the task (--task)")]
    [InlineData(true, "{\"prompt\":\"a\",\"completion\":\"b\"}", "its columns (prompt, completion) are none that an encoder learns")]
    [InlineData(false, "{\"a\":1}", "its columns (a) are none that a model learns to go on with")]
    [InlineData(true, "{\"messages\":[]}", "column 'messages' holds conversations, which an encoder does not learn")]
    [InlineData(false, "{\"messages\":\"hello\"}", "its columns (messages) are none")]
    public void Find_NoTaskThatFits_SaysWhatToName(bool isForEncoder, string row, string expected)
    {
        var path = _files.Write("a.jsonl", row);

        var error = Assert.Throws<ConfigException>(() => TaskFinder.Find(path, isForEncoder));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_DocumentOrFolder_IsText()
    {
        var path = _files.Write("a.txt", "a");

        Assert.Equal("text", TaskFinder.Find(path, isForEncoder: false).Task);
        Assert.Equal("text", TaskFinder.Find(_files.Folder, isForEncoder: false).Task);
    }
}
