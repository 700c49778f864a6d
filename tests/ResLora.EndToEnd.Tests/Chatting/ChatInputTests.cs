using System.Text;
using ResLora.Cli.Chatting;
using Xunit;

namespace ResLora.EndToEnd.Tests.Chatting;

public sealed class ChatInputTests
{
    [Theory]
    [InlineData("Hi\nAnd you?\n", "Hi", "And you?")]
    [InlineData("Hi\n\n  \nAnd you?", "Hi", "And you?")]
    [InlineData("\"\"\"\none\n\ntwo\n\"\"\"\nthree\n", "one\n\ntwo\n", "three")]
    [InlineData("\"\"\"one\ntwo\"\"\"\nthree", "one\ntwo", "three")]
    [InlineData("\"\"\"one line\"\"\"\n", "one line")]
    [InlineData("\"\"\"\nnever closed", "never closed\n")]
    public void Next_Lines_AreTurnsAndBlocksAreOne(string typed, params string[] turns)
    {
        using var input = ChatInput.Of(new MemoryStream(Encoding.UTF8.GetBytes(typed)));

        foreach (var turn in turns)
        {
            Assert.Equal(turn, input.Next(() => { }));
        }

        Assert.Null(input.Next(() => { }));
    }

    [Fact]
    public void Next_InsideABlock_AsksForEveryFurtherLine()
    {
        var asked = 0;
        using var input = ChatInput.Of(new MemoryStream(Encoding.UTF8.GetBytes("\"\"\"\none\ntwo\n\"\"\"\n")));

        input.Next(() => asked++);

        Assert.Equal(3, asked);
    }
}
