using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Plots;
using ResLora.Experiments.Workloads;
using ResLora.Images;
using ResLora.Images.Decoding;
using ResLora.Tests.Images;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Evaluating;

public sealed class MistakesPictureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_RatedPictures_TakesTheSurestMistakesFirst()
    {
        RatedSample[] rated =
        [
            Sample(0, [0, 1]),
            Sample(0, [3, 0]),
            Sample(1, [2, 0]),
            Sample(1, [5, 0]) with { Picture = null },
        ];

        var found = WorstMistake.Find(rated);

        Assert.Equal([(1, 0), (0, 1)], found.Select(mistake => (mistake.Right, mistake.Said)));
        Assert.Equal(1 / (1 + Math.Exp(-2)), found[0].Probability, 1e-12);
    }

    [Fact]
    public void Find_ManyMistakes_TakesSoManyAsAreShown() =>
        Assert.Equal(WorstMistake.Most, WorstMistake.Find([.. Enumerable.Range(0, 60).Select(_ => Sample(0, [0, 1]))]).Count);

    [Fact]
    public void MostConfused_ManyLabels_TakesThoseWithMistakesInTheirOrder()
    {
        int[][] counts = [.. Enumerable.Range(0, 60).Select(_ => new int[60])];
        counts[59][3] = 4;
        counts[50][50] = 100;

        var shown = MostConfused.Of(counts);

        Assert.Equal(MostConfused.Most, shown.Count);
        Assert.Equal(shown.Order(), shown);
        Assert.Contains(59, shown);
        Assert.Contains(3, shown);
        Assert.DoesNotContain(50, shown);
    }

    [Fact]
    public void Write_RightAndWrongCells_AreBlueAndOrange()
    {
        MistakesPicture.Write(_folder["m.png"], "task", ["one", "two"], [[5, 0], [5, 0]], []);

        var found = Colors(PictureDecoder.Decode(_folder["m.png"]));
        Assert.Contains((0x00, 0x72, 0xb2), found);
        Assert.Contains((0xd5, 0x5e, 0x00), found);
    }

    [Fact]
    public void Write_Mistakes_ShowsTheirPictures()
    {
        var picture = new PixelImage(1, 2, [1, 2, 3, 1, 2, 3]);

        MistakesPicture.Write(
            _folder["m.png"], "task", ["one", "two"], [[0, 1], [0, 0]], [Sample(0, [0, 1]) with { Picture = () => picture }]);

        Assert.Contains((1, 2, 3), Colors(PictureDecoder.Decode(_folder["m.png"])));
    }

    [Fact]
    public void Write_ManyLabels_TakesOneLineMoreToSayWhichAreShown()
    {
        int Height(int labels)
        {
            MistakesPicture.Write(
                _folder["m.png"],
                "task",
                [.. Enumerable.Range(0, labels).Select(i => $"{i % 10}")],
                [.. Enumerable.Range(0, labels).Select(_ => new int[labels])],
                []);
            return PictureDecoder.Decode(_folder["m.png"]).Height;
        }

        Assert.InRange(Height(100) - Height(MostConfused.Most), 20, 60);
    }

    [Theory]
    [InlineData("short", "short")]
    [InlineData("a name that is far too long to stand anywhere", "a n")]
    public void Shortened_ToTheRoom_KeepsTheStart(string text, string start)
    {
        var shown = DrawnText.Shortened(text, 16, 120);

        Assert.StartsWith(start, shown, StringComparison.Ordinal);
        Assert.InRange(DrawnText.Width(shown, 16), 0, 120);
    }

    private static RatedSample Sample(int right, float[] outputs) => new(0, right, outputs) { Picture = () => TinyPictures.Ramp(4, 4) };

    private static HashSet<(int, int, int)> Colors(PixelImage picture) =>
        [.. Enumerable.Range(0, picture.Width * picture.Height).Select(i => ((int)picture.Bytes[3 * i], (int)picture.Bytes[(3 * i) + 1], (int)picture.Bytes[(3 * i) + 2]))];
}
