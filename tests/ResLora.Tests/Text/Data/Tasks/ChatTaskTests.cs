using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Readers;
using ResLora.Text.Data.Tasks;
using Xunit;

namespace ResLora.Tests.Text.Data.Tasks;

public sealed class ChatTaskTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""",
        "column messages, as OpenAI writes them (role, content)")]
    [InlineData(
        """{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}""",
        "column conversations, as ShareGPT writes them (from, value)")]
    [InlineData(
        """{"conversations":[{"from":"user","value":"a"},{"from":"model","value":"b"}],"id":7}""",
        "column conversations, as ShareGPT writes them (from, value)")]
    [InlineData(
        """{"prompt":[{"role":"user","content":"a"}],"completion":[{"role":"assistant","content":"b"}]}""",
        "columns prompt and completion, lists of messages")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":"b"}]}""",
        "column messages, as OpenAI writes them (role, content)")]
    public void Read_EveryLayout_GivesTheSameMessages(string row, string layout)
    {
        var conversation = Read(row).Conversation!;

        Assert.Equal([("user", "a"), ("assistant", "b")], conversation.Messages.Select(message => (message.Role, message.Text)));
        Assert.Equal(layout, conversation.Layout);
        Assert.Equal([1], conversation.Learnt);
        Assert.EndsWith("a.jsonl, line 1", conversation.Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"system":"s"}""")]
    [InlineData("""{"conversations":[{"from":"system","value":"s"},{"from":"human","value":"a"}]}""")]
    [InlineData("""{"prompt":[{"role":"user","content":"a"}],"system":"s"}""")]
    [InlineData("""{"prompt":"a","system":"s","completion":"not read"}""")]
    public void Question_EveryLayout_IsWhatTheSystemAndAUserSay(string row)
    {
        var asked = new ChatTask(ColumnMap.Default).Question(RowReader.ParseLine(row, "a.jsonl", "line 1"));

        Assert.Equal([("system", "s"), ("user", "a")], asked.Messages.Select(message => (message.Role, message.Text)));
        Assert.Equal("a.jsonl, line 1", asked.Where);
    }

    [Fact]
    public void Read_TextOfAList_IsAListInATable()
    {
        const string row = """"
            "[{""from"":""human"",""value"":""a""},{""from"":""gpt"",""value"":""b""}]","[{""name"":""f""}]"
            """";
        var path = _files.Write("a.csv", $"conversations,tools\n{row}\n");

        var sample = Assert.Single(new ChatTask(ColumnMap.Default).Read(path, TaskSplit.Train));

        Assert.Equal(("user: a", "b", "a"), (sample.Prompt, sample.Completion, sample.Asked));
        Assert.Equal("f", sample.Conversation!.Tools!.Value[0].GetProperty("name").GetString());
    }

    [Fact]
    public void Read_ColumnNamedByTheUser_IsTaken()
    {
        var path = _files.Write("a.jsonl", "{\"talk\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}");
        var task = TaskRegistry.Get("chat", new ColumnMap(new Dictionary<string, string> { ["messages"] = "talk" }));

        Assert.Equal(2, Assert.Single(task.Read(path, TaskSplit.Train)).Conversation!.Messages.Count);
    }

    [Fact]
    public void Read_ToolCalls_HaveArgumentsAsObjectsAndKeepTheirIds()
    {
        const string row = """
            {"messages":[{"role":"user","content":"Rain?"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":
            {"name":"rain","arguments":"{\"city\": \"Bonn\"}"}}]},
            {"role":"tool","tool_call_id":"c1","name":"rain","content":"no"},{"role":"assistant","content":"No.","name":null}]}
            """;

        var messages = Read(row.ReplaceLineEndings(" ")).Conversation!.Messages;

        var call = messages[1].Json.GetProperty("tool_calls")[0];
        Assert.Equal("Bonn", call.GetProperty("function").GetProperty("arguments").GetProperty("city").GetString());
        Assert.Equal("c1", call.GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, messages[1].Json.GetProperty("content").ValueKind);
        Assert.Equal("c1", messages[2].Json.GetProperty("tool_call_id").GetString());
        Assert.False(messages[3].Json.TryGetProperty("name", out _), "a key without a value is no key");
        Assert.True(messages[1].CallsTools);
    }

    [Fact]
    public void Read_CallOfShareGpt_IsAToolCall()
    {
        const string row = """{"conversations":[{"from":"human","value":"Rain?"},"""
            + """{"from":"function_call","value":"{\"name\":\"rain\",\"arguments\":{\"city\":\"Bonn\"}}"},"""
            + """{"from":"observation","value":"no"},{"from":"gpt","value":"No."}]}""";
        var messages = Read(row).Conversation!.Messages;

        Assert.Equal(["user", "assistant", "tool", "assistant"], messages.Select(message => message.Role));
        Assert.Equal("rain", messages[1].Json.GetProperty("tool_calls")[0].GetProperty("function").GetProperty("name").GetString());
    }

    [Fact]
    public void Read_SystemInAColumnOfItsOwn_IsTheFirstMessage()
    {
        var sample = Read("""{"system":"Be brief.","conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}""");
        var messages = sample.Conversation!.Messages;

        Assert.Equal(("system", "Be brief."), (messages[0].Role, messages[0].Text));
    }

    [Fact]
    public void Read_WhatIsNotToBeLearnt_IsNotAmongTheLearnt()
    {
        var weighted = Read(
            """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","weight":0},"""
            + """{"role":"user","content":"c"},{"role":"assistant","content":"d","weight":1}]}""");
        var first = Read(
            """{"conversations":[{"from":"gpt","value":"Hi!"},{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}""");
        var prompted = Read(
            """{"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"completion":"""
            + """[{"role":"assistant","content":"d"}]}""");

        Assert.Equal([3], weighted.Conversation!.Learnt);
        Assert.False(weighted.Conversation!.Messages[1].Json.TryGetProperty("weight", out _), "templates are not to see it");
        Assert.Equal([2], first.Conversation!.Learnt);
        Assert.Equal([3], prompted.Conversation!.Learnt);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[{\"role\":\"user\",\"content\":\"a\"}]")]
    [InlineData("[{\"role\":\"assistant\",\"content\":\"a\"}]")]
    public void Read_NothingToLearn_IsASampleWithNothing(string messages)
    {
        Assert.Empty(Read($"{{\"messages\":{messages}}}").Conversation!.Learnt);
    }

    [Theory]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"narrator","content":"b"}]}""",
        "message 2 of column 'messages' has the role 'narrator'; known are system, developer, user")]
    [InlineData(
        """{"conversations":[{"from":"someone","value":"a"}]}""",
        "message 1 of column 'conversations' has the from 'someone'")]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"from":"gpt","value":"b"}]}""",
        "mixes messages of role and content with messages of from and value")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":null}]}", "message 1 of column 'messages' has no content")]
    [InlineData("{\"messages\":[{\"role\":\"assistant\"}]}", "has no content and no tool_calls")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""",
        "a part of type 'image_url'; only texts are read")]
    [InlineData("{\"messages\":[\"a\"]}", "message 1 of column 'messages' is string, expected an object")]
    [InlineData("{\"messages\":\"hello\"}", "column 'messages' is 'hello', expected a list of messages")]
    [InlineData("{\"messages\":{\"role\":\"user\",\"content\":\"a\"}}", "expected a list of messages")]
    [InlineData("{\"messages\":[{\"content\":\"a\"}]}", "has no 'role' that is a text")]
    [InlineData(
        """{"messages":[{"role":"user","content":"a","tool_calls":[{"function":{"name":"f"}}]}]}""",
        "only the assistant calls tools")]
    [InlineData(
        """{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"x=1"}}]}]}""",
        "calls f with arguments that are not JSON: 'x=1'")]
    [InlineData(
        """{"messages":[{"role":"assistant","tool_calls":[{"function":{}}]}]}""",
        "a tool call without the name of a function")]
    [InlineData("{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\",\"weight\":0.5}]}", "has the weight '0.5'")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}", "half of a Unicode surrogate pair")]
    [InlineData("{\"messages\":[],\"tools\":\"many\"}", "column 'tools' is 'many', expected a list of tools")]
    [InlineData("{\"messages\":[{\"role\":\"system\",\"content\":\"a\"}],\"system\":\"b\"}", "two system prompts that differ")]
    [InlineData(
        """{"prompt":[{"role":"user","content":"a"}],"completion":"b"}""",
        "column 'completion' is 'b', expected a list of messages")]
    [InlineData("{\"text\":\"a\"}", "there is no value for column 'messages'")]
    public void Read_OddRow_IsRefusedWithItsPlace(string row, string expected)
    {
        var error = Assert.Throws<FileFormatException>(() => Read(row));

        Assert.Contains("a.jsonl, line 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private Sample Read(string row) =>
        Assert.Single(new ChatTask(ColumnMap.Default).Read(_files.Write("a.jsonl", row + "\n"), TaskSplit.Train));
}
