using ResLora.Text.Data;

namespace ResLora.Experiments.Pretraining;

/// <summary>Puts whole documents one after the other into rows, so that little of a batch is padding.</summary>
internal static class PackedRows
{
    /// <summary>Packs documents in their order; a row is closed when the next one does not fit. Only one that is longer than a row is
    /// cut.</summary>
    /// <param name="documents">Token ids, with what stands in front and an end.</param>
    /// <param name="rowLength">The length of a row in tokens.</param>
    /// <param name="before">What begins every document: it stands where nothing tells what comes, so it is not trained.</param>
    /// <returns>The rows.</returns>
    public static IReadOnlyList<TokenizedSample> Pack(IEnumerable<IReadOnlyList<int>> documents, int rowLength, IReadOnlyList<int> before)
    {
        var rows = new List<TokenizedSample>();
        var row = new List<int>(rowLength);
        foreach (var piece in documents.SelectMany(document => document.Chunk(rowLength)))
        {
            if (row.Count + piece.Length > rowLength)
            {
                Close();
            }

            row.AddRange(piece);
        }

        Close();
        return rows;

        void Close()
        {
            // A single token predicts nothing.
            if (row.Count > 1)
            {
                int[] ids = [.. row];
                rows.Add(new TokenizedSample(ids, [.. ids.Select((id, i) => i == 0 || before.Contains(id) ? TokenizedSample.Masked : id)]));
            }

            row.Clear();
        }
    }
}
