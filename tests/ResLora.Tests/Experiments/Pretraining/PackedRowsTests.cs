using ResLora.Experiments.Pretraining;
using ResLora.Text.Data;
using Xunit;

namespace ResLora.Tests.Experiments.Pretraining;

public sealed class PackedRowsTests
{
    private const int Begin = 0;
    private const int End = 1;
    private const int Masked = TokenizedSample.Masked;

    [Fact]
    public void Pack_ShortDocuments_ShareARowAndStayWhole()
    {
        int[][] documents = [[Begin, 5, End], [Begin, 6, 7, End], [Begin, 8, End]];

        var rows = PackedRows.Pack(documents, 8, [Begin]);

        Assert.Equal([[Begin, 5, End, Begin, 6, 7, End], [Begin, 8, End]], rows.Select(row => row.Ids));
        Assert.Equal([[Masked, 5, End, Masked, 6, 7, End], [Masked, 8, End]], rows.Select(row => row.Labels));
    }

    [Fact]
    public void Pack_DocumentLongerThanARow_IsCut()
    {
        var rows = PackedRows.Pack([[Begin, 5, 6, 7, End]], 4, [Begin]);

        // The last piece is a single token, which predicts nothing.
        Assert.Equal([[Begin, 5, 6, 7]], rows.Select(row => row.Ids));
    }

    [Fact]
    public void Pack_NothingInFrontOfDocuments_TrainsTheirFirstTokensToo()
    {
        var rows = PackedRows.Pack([[5, End], [6, End]], 8, []);

        Assert.Equal([[Masked, End, 6, End]], rows.Select(row => row.Labels));
    }

    [Fact]
    public void Pack_NoDocuments_GivesNoRows() => Assert.Empty(PackedRows.Pack([], 4, [Begin]));
}
