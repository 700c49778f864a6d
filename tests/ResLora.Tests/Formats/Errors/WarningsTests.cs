using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Formats.Errors;

public sealed class WarningsTests
{
    [Fact]
    public async Task Add_SameSentenceAgain_IsHeardOnceAndOnlyWhileSomebodyListens()
    {
        var heard = new List<string>();
        Warnings.Add("before");
        using (Warnings.Listen(heard.Add))
        {
            Warnings.Add("one");
            Warnings.Add("one");
            await Task.Run(() => Warnings.Add("two"), TestContext.Current.CancellationToken);
        }

        Warnings.Add("after");

        Assert.Equal(["one", "two"], heard);
    }

    [Fact]
    public void Listen_WithinAnother_HearsAloneAndGivesBack()
    {
        List<string> outer = [], inner = [];
        using (Warnings.Listen(outer.Add))
        {
            using (Warnings.Listen(inner.Add))
            {
                Warnings.Add("in");
            }

            Warnings.Add("out");
        }

        Assert.Equal(["in"], inner);
        Assert.Equal(["out"], outer);
    }
}
