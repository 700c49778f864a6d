using ResLora.Text.Data;
using Xunit;

namespace ResLora.Tests.Text.Data;

public sealed class TextWindowsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Cut_AnyLength_TrainsEveryTokenOnceBehindWhatStandsInFront(int front)
    {
        for (var length = front + 2; length < 40; length++)
        {
            var text = Text(length, front);
            for (var limit = Math.Max(1, front) + 1; limit < length; limit++)
            {
                var windows = TextWindows.Cut(text, front, limit);

                Assert.Equal(
                    text.Labels.Where(label => label != TokenizedSample.Masked),
                    windows.SelectMany(window => window.Labels).Where(label => label != TokenizedSample.Masked));
                Assert.All(windows, window => Assert.InRange(window.Ids.Length, 2, limit));
                Assert.All(windows, window => Assert.Equal(window.Ids.Length, window.Labels.Length));
                Assert.All(windows, window => Assert.Equal(TokenizedSample.Masked, window.Labels[0]));
                Assert.All(
                    windows,
                    window => Assert.Equal(front == 0 ? [window.Ids[1] - 1] : text.Ids[..front], window.Ids[..Math.Max(1, front)]));
                Assert.InRange(windows.Max(window => window.Ids.Length) - windows.Min(window => window.Ids.Length), 0, 1);
                Assert.Equal((length - Math.Max(1, front) + limit - Math.Max(1, front) - 1) / (limit - Math.Max(1, front)), windows.Count);
            }
        }
    }

    [Fact]
    public void Cut_NoRoomForATrainedToken_GivesNone() => Assert.Empty(TextWindows.Cut(Text(10, 3), 3, 3));

    // Tokens count up from 100; those in front are not trained.
    private static TokenizedSample Text(int length, int front)
    {
        var ids = Enumerable.Range(100, length).ToArray();
        return new TokenizedSample(ids, [.. ids.Select((id, i) => i < Math.Max(1, front) ? TokenizedSample.Masked : id)]);
    }
}
