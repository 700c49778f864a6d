using ResLora.Images;
using ResLora.Images.Preprocessing;
using Xunit;

namespace ResLora.Tests.Images.Preprocessing;

public sealed class PillowResizeTests
{
    // By Pillow 13.0.0, Image.resize of the picture of Pattern.
    [Theory]
    [InlineData(Resampling.Nearest, "0 38 90 182 48 184 100 50 14 10 44 92 82 196 68 208 150 106 70 96 136 180 34 158 28 218 166 98 116 148 160 6 122 214 144 88")]
    [InlineData(Resampling.Lanczos, "121 128 87 112 124 169 140 155 128 135 159 146 132 175 78 130 115 115 129 76 131 162 87 134 45 177 136 125 158 125 200 81 112 187 123 97")]
    [InlineData(Resampling.Bilinear, "110 132 97 118 131 159 139 144 129 126 154 149 123 163 82 137 123 110 132 85 126 159 84 132 59 179 133 122 149 127 190 88 114 185 134 99")]
    [InlineData(Resampling.Bicubic, "114 130 91 115 128 165 139 148 129 129 158 150 127 169 79 135 119 111 129 80 129 161 83 133 51 181 135 125 153 126 196 83 113 187 132 97")]
    [InlineData(Resampling.Box, "120 134 98 94 128 176 149 118 101 136 168 150 146 153 46 142 105 82 70 96 136 185 18 121 56 184 134 138 158 128 194 21 118 182 136 104")]
    [InlineData(Resampling.Hamming, "100 130 92 121 125 163 131 127 113 118 148 152 125 164 69 153 129 103 113 86 125 167 62 131 57 182 134 123 142 128 186 72 114 187 142 94")]
    public void Resize_ToSmaller_GivesTheBytesOfPillow(Resampling resampling, string expected)
    {
        var got = PillowResize.Resize(Pattern(5, 7), 3, 4, resampling);

        Assert.Equal((3, 4), (got.Height, got.Width));
        Assert.Equal(expected, string.Join(' ', got.Bytes));
    }

    // By Pillow 13.0.0: the first row.
    [Theory]
    [InlineData(Resampling.Nearest, "0 38 90 156 236 74 182 48 184 78 242 164 78 242 164 100 50 14 248 240 246 10 44 92")]
    [InlineData(Resampling.Lanczos, "0 17 94 120 230 61 209 83 150 129 167 208 51 171 57 162 81 72 218 222 251 0 27 74")]
    [InlineData(Resampling.Bilinear, "0 38 90 127 199 77 174 107 150 124 157 173 88 158 98 146 109 87 203 203 217 10 44 92")]
    [InlineData(Resampling.Bicubic, "0 24 91 129 223 67 192 88 156 125 166 189 70 168 82 148 90 69 222 222 244 0 34 82")]
    [InlineData(Resampling.Box, "0 38 90 156 236 74 182 48 184 78 242 164 78 242 164 100 50 14 248 240 246 10 44 92")]
    [InlineData(Resampling.Hamming, "0 38 90 150 228 75 178 74 169 115 173 171 86 173 110 121 77 46 239 233 240 10 44 92")]
    public void Resize_ToLarger_GivesTheBytesOfPillow(Resampling resampling, string firstRow)
    {
        var got = PillowResize.Resize(Pattern(5, 7), 6, 8, resampling);

        Assert.Equal(firstRow, string.Join(' ', got.Bytes.Take(24)));
    }

    // By Pillow 13.0.0, which goes the vertical way first here; the other way round the twelfth byte is 129.
    [Fact]
    public void Resize_OfATallPicture_GoesTheVerticalWayFirst()
    {
        var got = PillowResize.Resize(Pattern(12, 4), 3, 3, Resampling.Bicubic);

        Assert.Equal(
            "134 121 99 95 137 158 140 141 118 142 118 128 114 122 126 128 129 102 95 128 119 140 108 161 125 115 106",
            string.Join(' ', got.Bytes));
    }

    // By Pillow 13.0.0: places where floor((i + 0.5) scale) would take the next pixel.
    [Fact]
    public void Resize_NearestAtTies_TakesPillowsPixel()
    {
        var got = PillowResize.Resize(Pattern(1, 64), 1, 28, Resampling.Nearest);

        Assert.Equal(
            "156 78 248 154 62 204 82 76 190 40 138 206 28 98 252 46 88 122 94 108 114 172 158 136 106 238 188 130",
            string.Join(' ', got.Bytes.Where((_, i) => i % 3 == 0)));
    }

    [Theory]
    [InlineData(Resampling.Nearest)]
    [InlineData(Resampling.Bicubic)]
    public void Resize_ToTheSameSize_IsTheSamePicture(Resampling resampling)
    {
        var picture = Pattern(4, 6);

        Assert.Same(picture, PillowResize.Resize(picture, 4, 6, resampling));
    }

    [Theory]
    [InlineData(Resampling.Lanczos)]
    [InlineData(Resampling.Bicubic)]
    [InlineData(Resampling.Box)]
    public void Resize_OfOneColour_KeepsIt(Resampling resampling)
    {
        var picture = new PixelImage(13, 7, [.. Enumerable.Repeat(new byte[] { 255, 0, 77 }, 13 * 7).SelectMany(pixel => pixel)]);

        var got = PillowResize.Resize(picture, 5, 11, resampling);

        Assert.All(got.Bytes.Chunk(3), pixel => Assert.Equal([255, 0, 77], pixel));
    }

    private static PixelImage Pattern(int height, int width) =>
        new(height, width, [.. Enumerable.Range(0, height * width * 3).Select(n => (byte)((((long)n * n * 7) + (n * 31)) % 256))]);
}
