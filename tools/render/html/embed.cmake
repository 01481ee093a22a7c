# embed.cmake: turns the page's sources into html_assets.c (render/html_assets.h), with the hashes that the page's
# policy names. Run by tools/CMakeLists.txt: cmake -DSOURCE=this-folder -DOUTPUT=html_assets.c -P embed.cmake
#
# The script is one block of its parts in the order below: what they declare is seen by each other, and by nobody else.
set(parts units dom data theme tooltip tabs tree flame_words flame flame_tools table chart timeline scatter histogram
    verdict difference keys print main)

# The digits of a hash, in base64: three hexadecimal digits are two letters; the last of 64 stands alone.
function(to_base64 digits result)
    set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    set(text "")
    foreach(at RANGE 0 60 3)
        string(SUBSTRING ${digits} ${at} 3 three)
        math(EXPR high "0x${three} / 64")
        math(EXPR low "0x${three} % 64")
        string(SUBSTRING ${alphabet} ${high} 1 first)
        string(SUBSTRING ${alphabet} ${low} 1 second)
        string(APPEND text ${first} ${second})
    endforeach()
    string(SUBSTRING ${digits} 63 1 last)
    math(EXPR high "0x${last} * 4")
    string(SUBSTRING ${alphabet} ${high} 1 first)
    set(${result} "${text}${first}=" PARENT_SCOPE)
endfunction()

# Bytes, not a literal: no limit on its length, nothing to escape.
function(add_asset name file)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
    file(SHA256 ${file} digits)
    to_base64(${digits} hash)
    string(APPEND code "static const unsigned char ${name}_bytes[] = {\n${bytes}0};\n"
        "const struct html_asset html_${name} = {(const char *)${name}_bytes, sizeof(${name}_bytes) - 1,\n    \"${hash}\"};\n")
    set(code "${code}" PARENT_SCOPE)
endfunction()

# CMake's own strings would lose some characters: cat loses none.
set(paths "")
foreach(part IN LISTS parts)
    list(APPEND paths ${SOURCE}/${part}.js)
endforeach()
file(WRITE ${OUTPUT}.open "\"use strict\";\n{\n")
file(WRITE ${OUTPUT}.close "}\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E cat ${OUTPUT}.open ${paths} ${OUTPUT}.close
    OUTPUT_FILE ${OUTPUT}.js COMMAND_ERROR_IS_FATAL ANY)

# What ends an element would end it inside a string, too.
foreach(file ${OUTPUT}.js ${SOURCE}/style.css)
    file(STRINGS ${file} ends REGEX "</|<!--")
    if(ends)
        message(FATAL_ERROR "${file}: may not hold '</' or '<!--': ${ends}")
    endif()
endforeach()

set(code "/* Made by render/html/embed.cmake. */\n#include \"render/html_assets.h\"\n\n")
add_asset(body ${SOURCE}/page.html)
add_asset(style ${SOURCE}/style.css)
add_asset(script ${OUTPUT}.js)
file(WRITE ${OUTPUT} "${code}")
file(REMOVE ${OUTPUT}.open ${OUTPUT}.close ${OUTPUT}.js)
